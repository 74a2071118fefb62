-- cast_to_string
SELECT CAST(NUMERIC '12.50' AS STRING), TO_HEX(MD5(CAST(NUMERIC '12.50' AS STRING)))
--> ["12.5", "cf3e481a44141cabd4e9d46cfbb1f899"]

-- cast_to_string
SELECT CAST(TIMESTAMP '2024-01-01 00:00:00.5' AS STRING), CAST(b'abc' AS STRING)
--> ["2024-01-01 00:00:00.500+00", "abc"]

-- cast_from_string
SELECT CAST('10.7' AS INT64)
--! Bad int64 value: 10.7

-- cast_from_string
SELECT SAFE_CAST('10.7' AS INT64), SAFE_CAST('1e3' AS INT64), SAFE_CAST('1_000' AS INT64), SAFE_CAST(' 0x1F ' AS INT64)
--> [null, null, null, "31"]

-- cast_from_string
SELECT SAFE_CAST('1' AS BOOL), SAFE_CAST('yes' AS BOOL), SAFE_CAST('t' AS BOOL), SAFE_CAST('TRUE' AS BOOL)
--> [null, null, null, "true"]

-- cast_from_string
SELECT SAFE_CAST('2024-01-01 10:00:00' AS DATE), SAFE_CAST('2024/01/01' AS DATE), SAFE_CAST('2024-1-1' AS DATE)
--> [null, null, "2024-01-01"]

-- cast_from_string
SELECT SHA256(CAST('é' AS BYTES)) = SHA256(b'\xc3\xa9')
--> ["true"]

-- cast_struct
SELECT CAST(STRUCT(1 AS p, 'x' AS q) AS STRUCT<a INT64, b STRING>) AS s
--> [["1", "x"]]
--: s STRUCT<a INT64, b STRING>

-- typed_struct
SELECT STRUCT<k ARRAY<STRUCT<c1 INT64>>>([STRUCT(1 AS c1)]) AS s, STRUCT<INT64, STRING>(1, 'a') AS t
--> [[[["1"]]], ["1", "a"]]

-- typed_struct
SELECT STRUCT<a INT64>('x')
--! Struct field has type STRING which does not coerce to INT64

-- invalid_casts
SELECT CAST(TRUE AS FLOAT64)
--! Invalid cast from BOOL to FLOAT64

-- invalid_casts
SELECT CAST([1] AS STRING)
--! Invalid cast from ARRAY<INT64> to STRING

-- cast_struct
SELECT CAST(s AS STRUCT<a INT64, b STRING>) AS s FROM (SELECT STRUCT(1 AS p, 'x' AS q) AS s)
--> [["1", "x"]]
--: s STRUCT<a INT64, b STRING>

-- cast_from_string: offsets of one digit
SELECT STRING(TIMESTAMP '2020-01-01 00:00:00-5:30') AS a, STRING(CAST('2020-01-01 00:00:00+5' AS TIMESTAMP)) AS b
--> ["2020-01-01 05:30:00+00", "2019-12-31 19:00:00+00"]

-- cast_from_string
SELECT SAFE_CAST('2024/01/01' AS TIMESTAMP), SAFE_CAST('2024-01-01 12:34' AS DATETIME), SAFE_CAST('12:34' AS TIME), SAFE_CAST('1_000' AS NUMERIC), SAFE_CAST('1_000.5' AS FLOAT64), SAFE_CAST('-0x1F' AS INT64)
--> [null, null, null, null, null, "-31"]

-- cast_from_string
SELECT CAST('1-2 3 4:5:6' AS INTERVAL)
--> ["1-2 3 4:5:6"]

-- cast_to_string
SELECT SAFE_CAST(b'\xff' AS STRING)
--> [null]

-- time_of_timestamp
SELECT CAST(TIMESTAMP '2024-01-01 12:34:56' AS TIME)
--> ["12:34:56"]

-- cast_to_string
SELECT CAST(x AS STRING) AS a, CONCAT(x, 'x') AS b, x || 'x' AS c, CAST(1.0 AS STRING) AS d, CAST(-1234567890123456.0 AS STRING) AS e FROM (SELECT 1e15 AS x)
--> ["1e+15", "1e+15x", "1e+15x", "1", "-1234567890123456"]

-- formatted_casts
SELECT CAST(b'\x00\xff' AS STRING FORMAT 'HEX') AS a, CAST('00ff' AS BYTES FORMAT 'hex') AS b, SAFE_CAST('zz' AS BYTES FORMAT 'HEX') AS c, CAST('YWJj' AS BYTES FORMAT 'BASE64') AS d
--> ["00ff", "AP8=", null, "YWJj"]

-- formatted_casts
SELECT CAST('2024-05-07 10 +05:30' AS TIMESTAMP FORMAT 'YYYY-MM-DD HH24 TZH:TZM') AS a, CAST('07 May 99' AS DATE FORMAT 'DD MON RR') AS b, CAST('40000' AS TIME FORMAT 'SSSSS') AS c
--> ["1715056200000000", "1999-05-07", "11:06:40"]

-- formatted_casts
SELECT CAST(TIMESTAMP '2024-05-07 13:04:05.678' AS STRING FORMAT 'Day, DD MON YYYY HH12:MI:SS.FF3 p.m. TZH:TZM' AT TIME ZONE 'Asia/Kolkata') AS a
--> ["Tuesday, 07 MAY 2024 06:34:05.678 p.m. +05:30"]

-- formatted_casts
SELECT SAFE_CAST('10:75:09' AS TIME FORMAT 'HH24:MI:SS') AS a, SAFE_CAST('10:15:60' AS TIME FORMAT 'HH24:MI:SS') AS b, SAFE_CAST('24:00' AS TIME FORMAT 'HH24:MI') AS c, SAFE_CAST('13:00 PM' AS TIME FORMAT 'HH12:MI AM') AS d, SAFE_CAST('0:00 AM' AS TIME FORMAT 'HH:MI AM') AS e, SAFE_CAST('99999' AS TIME FORMAT 'SSSSS') AS f, SAFE_CAST('1 Janitor 2024' AS DATE FORMAT 'DD MONTH YYYY') AS g, SAFE_CAST('10 +05:75' AS TIMESTAMP FORMAT 'HH24 TZH:TZM') AS h
--> [null, null, null, null, null, null, null, null]

-- formatted_casts
SELECT CAST('23:59:59' AS TIME FORMAT 'HH24:MI:SS') AS a, CAST('12:00 am' AS TIME FORMAT 'HH12:MI AM') AS b, CAST('86399' AS TIME FORMAT 'SSSSS') AS c, CAST('1 march 2024' AS DATE FORMAT 'DD MONTH YYYY') AS d
--> ["23:59:59", "00:00:00", "23:59:59", "2024-03-01"]

-- formatted_casts
SELECT CAST('10:75:99' AS TIME FORMAT 'HH24:MI:SS')
--! 75 is not between 0 and 59

-- formatted_casts
SELECT CAST(TIME '13:04:05' AS STRING FORMAT 'YYYY')
--! TIME does not support 'YYYY'

-- formatted_casts
SELECT CAST('2024-05-07 10' AS DATE FORMAT 'YYYY-MM-DD HH24')
--! DATE does not support 'HH24'

-- formatted_casts
SELECT CAST(12 AS STRING FORMAT '$99')
--! no CAST of INT64 to STRING with the FORMAT

-- cast_struct
SELECT CAST(s AS STRUCT<a STRING, b INT64>) AS s FROM (SELECT STRUCT(1.0 AS a, '2' AS b) AS s)
--> [["1", "2"]]

-- -: not STRUCT<a STRING>(1), which is refused
SELECT CAST(STRUCT(1 AS x, '2' AS y) AS STRUCT<a STRING, b INT64>) AS s
--> [["1", "2"]]

-- cast_array
SELECT CAST([1.0, 2.5] AS ARRAY<STRING>) AS a, CAST([STRUCT(2.0 AS a)] AS ARRAY<STRUCT<a STRING>>) AS b
--> [["1", "2.5"], [["2"]]]

-- cast_array
SELECT CAST(['1_0'] AS ARRAY<INT64>)
--! Bad int64 value
