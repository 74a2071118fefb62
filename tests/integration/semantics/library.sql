-- buckets
SELECT NTILE(n) OVER (ORDER BY n) FROM (SELECT 2 AS n)
--! NTILE must be a literal

-- replaced_functions
SELECT REPLACE(b'abc', b'b', b'-') AS b, SQRT(NUMERIC '2') AS n
--> ["YS1j", "1.414213562"]
--: b BYTES, n NUMERIC

-- padded
SELECT LPAD('abc', n) FROM (SELECT -1 AS n)
--! cannot be negative

-- trimmed_bytes
SELECT TRIM(b'aba', b'a') AS b
--> ["Yg=="]

-- initcap
SELECT INITCAP('foo\u00a0bar') AS words
--> ["Foo\u00a0Bar"]

-- rounded
SELECT ROUND(n, d) AS r FROM (SELECT NUMERIC '1.25' AS n, 1 AS d)
--> ["1.3"]
--: r NUMERIC

-- array_places
SELECT [1, 2, 3][SAFE_ORDINAL(n)] AS x FROM (SELECT -2 AS n)
--> [null]

-- numeric_average
SELECT AVG(n) AS a FROM UNNEST([NUMERIC '12345678901234567890.1', NUMERIC '2.2']) AS n
--> ["6172839450617283946.15"]
--: a NUMERIC

-- correlation
SELECT CORR(x, x) AS c FROM UNNEST([1.0]) AS x
--> [null]

-- instant_text
SELECT STRING(DATETIME '2024-01-01 10:00:00.5') AS s
--> ["2024-01-01 10:00:00.500"]

-- json_of_text
SELECT JSON_EXTRACT('{"c":"\\u00e9","a.b":1}', "$['a.b']") AS j
--> ["1"]
--: j STRING

-- capturing_groups
SELECT REGEXP_EXTRACT('ab', r'(a)(b)')
--! more than 1 capturing group

-- array_step
SELECT GENERATE_DATE_ARRAY(DATE '2024-01-01', DATE '2024-01-03', INTERVAL n DAY) AS d FROM (SELECT 0 AS n)
--! step cannot be 0

-- aggregated_bytes
SELECT STRING_AGG(x, b',') FROM UNNEST([b'a']) AS x
--! STRING_AGG of BYTES

-- ambiguous_columns
SELECT a FROM (SELECT 1 AS a, 2 AS a)
--! Column name a is ambiguous

-- date_of_numbers
SELECT DATE(y, 1, 1) AS d FROM (SELECT 10000 AS y)
--! out of range

-- type_of
SELECT TYPEOF('a') AS t
--> ["STRING"]

-- current_time
SELECT ABS(TIME_DIFF(CURRENT_TIME('UTC'), CURRENT_TIME('Asia/Tokyo'), MINUTE)) IN (539, 540, 541, 899, 900, 901) AS far
--> ["true"]

-- formatted_instants
SELECT FORMAT_DATE('%e', DATE '2024-01-03') AS day
--> [" 3"]

-- formatted_instants
SELECT FORMAT_TIMESTAMP('%c', TIMESTAMP '2024-01-03') AS c
--> ["Wed Jan  3 00:00:00 2024"]

-- formatted_instants
SELECT FORMAT_DATETIME('%F %T', DATETIME '0001-01-01') AS c
--> ["0001-01-01 00:00:00"]

-- formatted_instants
SELECT FORMAT_TIMESTAMP('%c', TIMESTAMP '0900-01-01') AS c
--> ["Fri Jan  1 00:00:00 900"]

-- formatted_instants
SELECT FORMAT_TIMESTAMP('%F %e', TIMESTAMP '2024-12-31 23:00:00', 'Asia/Tokyo') AS c
--> ["2025-01-01  1"]

-- timestamp_of_seconds
SELECT TIMESTAMP_MILLIS(253402300800000) AS t
--! out of range

-- timestamp_of_text
SELECT TIMESTAMP(s) AS t FROM (SELECT '2024/01/01' AS s)
--! Invalid timestamp

-- formatted_instants
SELECT FORMAT_DATE('%Y', DATE '0900-01-01') AS y
--> ["900"]

-- bucket_in_range
SELECT DATE_BUCKET(DATE '0001-01-01', INTERVAL 2 DAY) AS d
--! out of range

-- nan_wins
SELECT LEAST(x, 1.0) AS l FROM (SELECT CAST('nan' AS FLOAT64) AS x)
--> ["NaN"]

-- float_results
SELECT x * 1e308 AS y FROM (SELECT 1e308 AS x)
--! Floating point error

-- dates_in_range
SELECT DATE_ADD(d, INTERVAL 1 DAY) AS e FROM (SELECT DATE '9999-12-31' AS d)
--! out of range

-- timestamp_of_seconds
SELECT TIMESTAMP_SECONDS(1719792000123) AS t
--! out of range

-- replaced_functions
SELECT REVERSE(s) AS r, REVERSE('abc') AS a FROM (SELECT 'e\u0301 x' AS s)
--> ["x \u0301e", "cba"]

-- value_of_greatest
SELECT MAX_BY(x, y) AS a, MIN_BY(x, y) AS b FROM UNNEST([STRUCT(CAST(NULL AS INT64) AS x, 5 AS y), (2, 1), (3, NULL)])
--> [null, "2"]
--: a INT64, b INT64

-- formatted_instants
SELECT FORMAT_DATE('%%e %e %g %H:%M', DATE '2024-12-30') AS a, FORMAT_TIME('%R %F', TIME '03:04:05') AS b
--> ["%e 30 25 %H:%M", "03:04 %F"]

-- formatted_instants
SELECT FORMAT_TIMESTAMP('%s %E*S %E9S', TIMESTAMP '2024-01-07 03:04:05.678') AS a
--> ["1704596645 05.678 05.678000000"]

-- formatted_instants
SELECT FORMAT_TIMESTAMP(f, TIMESTAMP '2024-07-07 03:04:05', 'America/New_York') AS a FROM (SELECT '%Z %z %k%%' AS f)
--> ["UTC-4 -0400 23%"]

-- formatted_instants
SELECT FORMAT_DATE('%f', DATE '2024-01-07')
--! Format element %f is not supported

-- parsed_instants
SELECT PARSE_DATE('%%e %d %m %Y', '%e 02 01 2024') AS a, PARSE_DATE(f, '2024-01-02') AS b FROM (SELECT '%F' AS f)
--> ["2024-01-02", "2024-01-02"]

-- value_beside_nan
SELECT ANY_VALUE(x HAVING MAX y) AS a, MIN_BY(x, y) AS b, ANY_VALUE(x HAVING MAX x) AS c FROM UNNEST([STRUCT(1 AS x, CAST('nan' AS FLOAT64) AS y), (2, 1.0)])
--> [null, null, "2"]

-- regexps_of_bytes
SELECT REGEXP_CONTAINS(b'a\xff', b'^a.$') AS a, REGEXP_EXTRACT(b'\xc3\xa9x', b'.(.)') AS b, REGEXP_REPLACE(b'abc', b'b', b'x') AS c, REGEXP_EXTRACT_ALL(b'abab', b'a') AS d, REGEXP_INSTR(b'abc', b'c') AS e
--> ["true", "qQ==", "YXhj", ["YQ==", "YQ=="], "3"]

-- limited_texts
SELECT STRING_AGG(DISTINCT x, '-' ORDER BY x DESC LIMIT 2) AS a, STRING_AGG(DISTINCT x LIMIT 1) AS b FROM UNNEST(['b', 'b', NULL, 'b']) AS x
--> ["b", "b"]

-- limited_values
SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x LIMIT 2) AS a, ARRAY_LENGTH(ARRAY_AGG(x IGNORE NULLS LIMIT 1)) AS n FROM UNNEST([NULL, 'b', 'a']) AS x
--> [["a", "b"], "1"]
