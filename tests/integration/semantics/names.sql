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
