-- array_concat
SELECT ARRAY_CONCAT([1], NULL) IS NULL
--> ["true"]

-- unnest_structs
SELECT * FROM unnested, UNNEST(pairs) AS x
--> ["1", [["1", "2"]], "1", "2"]
--: k INT64, pairs ARRAY<STRUCT<a INT64, b INT64>>, a INT64, b INT64

-- unnest_structs
SELECT k, a FROM unnested, UNNEST(pairs)
--> ["1", "1"]

-- unnest_structs: how exports of Google Analytics are read
SELECT (SELECT value.text FROM UNNEST(event_params) WHERE key = 'page') AS page FROM events
--> ["/home"]

-- unnest_structs
SELECT x.a, position FROM unnested, UNNEST(pairs) AS x WITH OFFSET AS position
--> ["1", "0"]

-- unnest_structs
SELECT * FROM UNNEST([STRUCT(1 AS a, 2 AS b)]) AS s WITH OFFSET AS o
--> ["1", "2", "0"]

-- unnest_structs: fields without names
SELECT * FROM UNNEST([(1, 2), (3, 4)])
--> ["1", "2"]
--> ["3", "4"]

-- struct_order
SELECT ARRAY(SELECT AS STRUCT x, ROW_NUMBER() OVER (ORDER BY x DESC) AS n FROM UNNEST([5, 7]) AS x ORDER BY n) AS a
--> [[["7", "1"], ["5", "2"]]]

-- -: an UNNEST joined in parentheses
SELECT x, y, z FROM (SELECT 1 AS x) CROSS JOIN (UNNEST([1, 2]) AS y JOIN UNNEST([2, 3]) AS z ON y = z)
--> ["1", "2", "2"]
