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
