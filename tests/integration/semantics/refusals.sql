-- impossible_selects
SELECT DISTINCT [1] AS a
--! Column a of type ARRAY cannot be used in SELECT DISTINCT

-- argument_types
SELECT LENGTH(5)
--! No matching signature for function LENGTH for argument types: INT64

-- argument_types
SELECT UPPER(1.5)
--! No matching signature for function UPPER for argument types: FLOAT64

-- comparisons
SELECT TIMESTAMP '2024-01-01' = DATE '2024-01-01'
--! No matching signature for operator = for argument types: TIMESTAMP, DATE

-- conditions
SELECT a FROM (SELECT 1 AS a) WHERE a
--! WHERE clause should return type BOOL, but returns INT64

-- common_type
SELECT COALESCE(1, 'a')
--! No matching signature for function COALESCE for argument types: INT64, STRING

-- common_type
SELECT CASE WHEN TRUE THEN 1 ELSE 'a' END
--! INT64, STRING

-- set_operations
SELECT 1 AS x UNION ALL SELECT 'x'
--! Column 1 in UNION ALL has incompatible types: INT64, STRING
