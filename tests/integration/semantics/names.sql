-- group_by_alias
SELECT UPPER(c) AS c, COUNT(*) AS n FROM UNNEST(['de', 'DE']) AS c GROUP BY c
--> ["DE", "2"]

-- group_by_alias
SELECT DATE_TRUNC(d, MONTH) AS d, COUNT(*) AS n FROM UNNEST([DATE '2024-01-03', DATE '2024-01-20']) AS d GROUP BY d
--> ["2024-01-01", "2"]

-- alias_scope
SELECT a + 1 AS z FROM (SELECT 1 AS a) WHERE z = 2
--! Unrecognized name: z

-- alias_scope
SELECT a + 1 AS b, b * 2 AS c FROM (SELECT 1 AS a)
--! Unrecognized name: b

-- duplicate_names
SELECT 1 AS a, 2 AS A
--! Duplicate column names in the result are not supported when a destination table is present. Found duplicate(s): a

-- reserved_words
SELECT 1 AS group
--! Unexpected keyword GROUP

-- reserved_words
SELECT 1 AS `group`
--> ["1"]

-- group_by_alias
SELECT MAX(x) AS x FROM UNNEST([1, 2]) AS x GROUP BY x
--! Column x contains an aggregation function, which is not allowed in GROUP BY

-- alias_first
SELECT -x AS x FROM UNNEST([1, 2]) AS x ORDER BY x + 1 LIMIT 1
--> ["-2"]

-- alias_first
SELECT -x AS x FROM UNNEST([1, 2]) AS x WHERE TRUE QUALIFY ROW_NUMBER() OVER (ORDER BY x) = 1
--> ["-2"]

-- alias_first
SELECT -x AS x FROM UNNEST([1, 2]) AS x GROUP BY x HAVING MAX(x) > 0

-- alias_scope
SELECT x AS k, SUM(x) OVER (ORDER BY k) AS s FROM UNNEST([1, 2]) AS x
--! Unrecognized name: k

-- alias_scope
SELECT x AS k, (SELECT MAX(y) FROM UNNEST([1, 2]) AS y WHERE y <= k) AS m FROM UNNEST([1, 2]) AS x
--! Unrecognized name: k

-- alias_scope
WITH t AS (SELECT 1 AS a, 2 AS b), u AS (SELECT *, a + b AS c FROM t) SELECT c AS d, d + 1 AS e FROM u
--! Unrecognized name: d

-- alias_scope: names that FROM gives are no aliases
WITH t AS (SELECT 1 AS a, 2 AS b), u AS (SELECT *, a + b AS c FROM t) SELECT c AS b, b + 1 AS e FROM u
--> ["3", "3"]

-- set_operation_order
SELECT 1 AS a UNION ALL SELECT 2 AS b ORDER BY b
--! Unrecognized name: b

-- distinct_order
SELECT DISTINCT x AS a FROM (SELECT 1 AS x, 2 AS y) ORDER BY y
--! column y which is not visible after SELECT DISTINCT

-- duplicate_names
SELECT * FROM (SELECT 1 AS x) AS a, (SELECT 2 AS x) AS b
--! Found duplicate(s): x

-- duplicate_names
SELECT * FROM (SELECT 1 AS x, 2 AS y) AS a JOIN (SELECT 1 AS x, 3 AS z) AS b USING (x)
--> ["1", "2", "3"]

-- reserved_words
SELECT following FROM (SELECT 1 AS `following`)
--! Unexpected keyword FOLLOWING

-- pivoted_names
SELECT * FROM (SELECT 1 AS x, 'a' AS k) PIVOT(SUM(x) AS s, COUNT(*) AS c FOR k IN ('a', 'b' AS y))
--> ["1", "1", null, "0"]
--: s_a INT64, c_a INT64, s_y INT64, c_y INT64

-- pivoted_names
SELECT * FROM (SELECT 1 AS x, 2 AS k) PIVOT(SUM(x) FOR k IN (2, -3))
--> ["1", null]
--: _2 INT64, minus_3 INT64

-- pivoted_names
SELECT * FROM (SELECT 1 AS x, 2 AS k) PIVOT(SUM(x), COUNT(*) FOR k IN (2))
--! must specify an alias

-- pivoted_names
SELECT * FROM (SELECT 1 AS x, 1.5 AS k) PIVOT(SUM(x) FOR k IN (0.5 + 1))
--! needs an alias

-- -: an alias may have the name of a function's argument
CREATE TEMP FUNCTION same_name(x INT64) AS ((SELECT x AS x)); SELECT same_name(3) AS t
--> ["3"]

-- -: an alias of a table may have a dot in its name
SELECT `a.b`.k AS k, pair.b AS b FROM `probe.unnested` AS `a.b`, UNNEST(`a.b`.pairs) AS pair
--> ["1", "2"]
