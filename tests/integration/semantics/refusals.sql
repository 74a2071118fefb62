-- impossible_selects
SELECT DISTINCT [1] AS a
--! Column a of type ARRAY cannot be used in SELECT DISTINCT

-- argument_types
SELECT LENGTH(5)
--! No matching signature for function LENGTH for argument types: INT64

-- argument_types
SELECT UPPER(1.5)
--! No matching signature for function UPPER for argument types: FLOAT64

-- argument_types
SELECT TIMESTAMP '2024-01-01' = DATE '2024-01-01'
--! No matching signature for operator = for argument types: TIMESTAMP, DATE

-- conditions
SELECT a FROM (SELECT 1 AS a) WHERE a
--! WHERE clause should return type BOOL, but returns INT64

-- case_branches
SELECT COALESCE(1, 'a')
--! No matching signature for function COALESCE for argument types: INT64, STRING

-- case_branches
SELECT CASE WHEN TRUE THEN 1 ELSE 'a' END
--! INT64, STRING

-- set_operations
SELECT 1 AS x UNION ALL SELECT 'x'
--! Column 1 in UNION ALL has incompatible types: INT64, STRING

-- argument_types
SELECT 1 AND TRUE
--! No matching signature for operator AND for argument types: INT64, BOOL

-- argument_types
SELECT EXISTS(SELECT x FROM UNNEST(['1']) AS x WHERE x > 5)
--! No matching signature for operator > for argument types: STRING, INT64

-- windows
SELECT RANK() OVER () FROM UNNEST([1]) AS x
--! Window ORDER BY is required for analytic function rank

-- -: dbt show adds a LIMIT
SELECT 1 LIMIT 1 LIMIT 2
--! Syntax error: Expected end of input but got keyword LIMIT at [

-- -: a Python function would be read as SQL
CREATE FUNCTION probe.py_double(x FLOAT64) RETURNS FLOAT64 LANGUAGE python OPTIONS (runtime_version = 'python-3.11', entry_point = 'f') AS r'''def f(x): return 2 * x'''
--! Python functions

-- returning
DELETE FROM probe.typed WHERE id = 1 RETURNING id
--! got identifier "RETURNING"
