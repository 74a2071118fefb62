-- numeric_arithmetic
SELECT NUMERIC '10.25' * NUMERIC '1.19' AS product, NUMERIC '1' / 3 AS quotient
--> ["12.1975", "0.333333333"]
--: product NUMERIC, quotient NUMERIC

-- numeric_arithmetic: a literal with a decimal point becomes NUMERIC
SELECT NUMERIC '1.5' * 1.5 AS product
--> ["2.25"]
--: product NUMERIC

-- numeric_arithmetic
SELECT NUMERIC '99999999999' * NUMERIC '99999999999'
--> ["9999999999800000000001"]

-- numeric_arithmetic
SELECT NUMERIC '99999999999999999999' * NUMERIC '99999999999'
--! numeric overflow

-- numeric_arithmetic
SELECT NUMERIC '0.1' + 0.2 AS total
--> ["0.3"]
--: total NUMERIC

-- numeric_arithmetic: all 38 digits count
SELECT NUMERIC '-99999999999999999999999999999.999999999' * NUMERIC '1' AS product,
  SAFE_MULTIPLY(NUMERIC '99999999999999999999999999999.999999999', NUMERIC '1') AS safe,
  ROUND(NUMERIC '12345678901234567890123456789.123456789', 8) AS rounded
--> ["-99999999999999999999999999999.999999999", "99999999999999999999999999999.999999999", "12345678901234567890123456789.12345679"]

-- exact_bignumeric
SELECT CAST(12345678901.1234567890123456789 AS BIGNUMERIC) > 1
--! 18 decimals

-- numeric_safe_divide
SELECT SAFE_DIVIDE(NUMERIC '1', 3) AS quotient, SAFE_DIVIDE(NUMERIC '1', 0) AS nothing
--> ["0.333333333", null]
--: quotient NUMERIC, nothing NUMERIC

-- numeric_arithmetic
SELECT x * y AS product FROM (SELECT NUMERIC '1.5' AS x, 1.5 AS y)
--> ["2.25"]
--: product FLOAT64

-- nan_compares_with_nothing
SELECT CAST('nan' AS FLOAT64) = CAST('nan' AS FLOAT64)
--> ["false"]

-- float_overflow
SELECT EXP(1000)
--! Floating point overflow in function: EXP

-- numeric_arithmetic: small and large values in one column
SELECT ARRAY_AGG(x * y ORDER BY x) AS p, ARRAY_AGG(x / y ORDER BY x) AS q FROM UNNEST([
  STRUCT(NUMERIC '-0.000000001' AS x, NUMERIC '0.5' AS y),
  (NUMERIC '7', NUMERIC '0.3'),
  (NUMERIC '99999999999', NUMERIC '99999999999.5'),
  (NUMERIC '12345678901234567890.123456789', NUMERIC '12345678.9')
])
--> [["-0.000000001", "2.1", "9999999999850000000000.5", "152415787517146788751714678.875019052"], ["-0.000000002", "23.333333333", "1", "1000000000100.00000001"]]

-- numeric_arithmetic: types go through stars and through the fields of an UNNEST
WITH a AS (SELECT * FROM UNNEST([STRUCT(NUMERIC '1.50' AS x)])), b AS (SELECT *, x * 2 AS y FROM a) SELECT y || '' AS y, x * x AS z FROM b
--> ["3", "2.25"]
--: y STRING, z NUMERIC

-- long_literals
SELECT b * 2 AS c FROM (SELECT BIGNUMERIC '0.1234567890123456789' AS b)
--! no BIGNUMERIC with more than 18 decimals

-- cast_from_string
SELECT CAST(s AS BIGNUMERIC) AS b FROM (SELECT '1e-19' AS s)
--! no BIGNUMERIC with more than 18 decimals

-- -
SELECT PARSE_BIGNUMERIC('1.5000000000000000000000') AS a, PARSE_BIGNUMERIC('0.123456789012345678') AS b
--> ["1.5", "0.123456789012345678"]
--: a BIGNUMERIC, b BIGNUMERIC

-- -: ten nested calls of functions that use their arguments several times
SELECT f/f/f/f/f/f/f/f/f/f AS quotient, CAST(CAST(CAST(CAST(CAST(CAST(CAST(CAST(f AS STRING) AS FLOAT64) AS STRING) AS FLOAT64) AS STRING) AS FLOAT64) AS STRING) AS FLOAT64) AS back, LOWER(UPPER(LOWER(UPPER(LOWER(UPPER(s)))))) AS small FROM (SELECT 2.0 AS f, 'aB' AS s)
--> ["0.00390625", "2.0", "ab"]

-- -: nested calls in a query that groups
SELECT x + y * x + y * x + y * x AS z, COUNT(*) AS n, SUM(x * y * x * y * x * y) AS s FROM UNNEST([STRUCT(1.5 AS x, 2.0 AS y), (1.5, 2.0)]) GROUP BY x + y * x + y * x + y * x
--> ["10.5", "2", "54.0"]

-- -
SELECT 1e308 * f * 1.0 * 1.0 * 1.0 * 1.0 * 1.0 AS z FROM (SELECT 10.0 AS f)
--! Floating point error in function: *(1e+308, 10.0)

-- bignumeric_literals
SELECT CAST(5.02797279921331664759 AS BIGNUMERIC) / CAST(CAST(0.71828182845904523537 AS BIGNUMERIC) AS BIGNUMERIC) AS z
--> ["7"]
--: z BIGNUMERIC

-- exact_bignumeric
SELECT CAST(5.02797279921331664759 AS BIGNUMERIC) AS a, CAST(5.027972799213316647 AS BIGNUMERIC) + 1 AS b
--> ["5.02797279921331664759", "6.027972799213316647"]

-- exact_bignumeric
SELECT CAST(5.02797279921331664759 AS BIGNUMERIC) + 1 AS a
--! no BIGNUMERIC with more than 18 decimals
