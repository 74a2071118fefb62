-- coalesced
SELECT COALESCE(NUMERIC '1.5', 2.5) AS c, COALESCE(NULL, 1) AS d
--> ["1.5", "1"]
--: c NUMERIC, d INT64

-- if_branches
SELECT IF(TRUE, NUMERIC '1', 2.5) AS c
--> ["1"]
--: c NUMERIC

-- case_branches
SELECT CASE WHEN TRUE THEN NUMERIC '1' ELSE 2.5 END AS c
--> ["1"]
--: c NUMERIC

-- case_branches
SELECT CASE WHEN 1 THEN 1 END
--! No matching signature for operator CASE

-- case_branches
SELECT CASE 1 WHEN 'a' THEN 1 END
--! INT64, STRING

-- elements
SELECT [1, 2.5, NUMERIC '3'] AS a
--> [["1", "2.5", "3"]]
--: a ARRAY<NUMERIC>

-- elements
SELECT [1, 'a']
--! Array elements of types {INT64, STRING} do not have a common supertype

-- compared
SELECT NULLIF(1, 1.5) AS n
--> ["1.0"]
--: n FLOAT64

-- compared
SELECT 1 IN ('a')
--! INT64, STRING

-- compared
SELECT DATE '2024-01-01' BETWEEN TIMESTAMP '2023-01-01' AND TIMESTAMP '2025-01-01'
--! DATE, TIMESTAMP, TIMESTAMP

-- set_operations
SELECT NUMERIC '1' AS x UNION ALL SELECT 2.5
--> ["1"]
--> ["2.5"]
--: x NUMERIC

-- set_operations: a STRUCT has the names of the first query
SELECT STRUCT(1 AS a) AS s UNION ALL SELECT STRUCT(2 AS b)
--> [["1"]]
--> [["2"]]
--: s STRUCT<a INT64>

-- set_operations
SELECT 1 AS x EXCEPT DISTINCT SELECT 'x'
--! Column 1 in EXCEPT DISTINCT has incompatible types: INT64, STRING
