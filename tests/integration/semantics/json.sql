-- to_json_string: an integer NUMERIC is a number, another one is a string, as the manual's table of JSON encodings says
SELECT TO_JSON_STRING(STRUCT(TIMESTAMP '2024-01-01 10:00:00' AS t, NUMERIC '1.5' AS n, NUMERIC '2' AS m, 1.0 AS f))
--> ["{\"t\":\"2024-01-01T10:00:00Z\",\"n\":\"1.5\",\"m\":2,\"f\":1}"]

-- to_json_string
SELECT TO_JSON_STRING(b'abc'), TO_JSON_STRING(9007199254740993), TO_JSON_STRING(CAST('inf' AS FLOAT64))
--> ["\"YWJj\"", "\"9007199254740993\"", "\"Infinity\""]

-- json_of_no_json
SELECT JSON_VALUE('oops', '$.a')
--> [null]

-- to_json_string: a row
SELECT TO_JSON_STRING(t) FROM (SELECT NUMERIC '1.50' AS a, TIMESTAMP '2024-01-01' AS b) AS t
--> ["{\"a\":\"1.5\",\"b\":\"2024-01-01T00:00:00Z\"}"]

-- -
SELECT PARSE_JSON('{"a":1,"a":123456789012345678901234567890}', wide_number_mode => 'round') AS j, PARSE_JSON('[123456789012345678901234567890]', wide_number_mode => 'round') AS k
--> ["{\"a\":1}", "[1.2345678901234568e29]"]

-- json_of_text
SELECT JSON_VALUE(s, '$.a') AS a, JSON_QUERY(s, '$.b') AS b, JSON_VALUE(s, '$.c') AS c, JSON_QUERY_ARRAY(s, '$.b') AS d FROM (SELECT '{"a": 12345678901234567.125, "b": [1.10, 2], "c": "x 1.50"}' AS s)
--> ["12345678901234567.125", "[1.10,2]", "x 1.50", ["1.10", "2"]]

-- -: an element of an array, in documents without elements too
SELECT ARRAY_AGG(IF(JSON_QUERY(d, '$.c[0]') IS NULL, '-', TO_JSON_STRING(JSON_QUERY(d, '$.c[0]'))) ORDER BY n) FROM (SELECT n, PARSE_JSON(t) AS d FROM UNNEST(['{"a":1,"c":[]}', '{"a":[7],"c":[]}', '{"c":[7],"d":[]}', '{"c":[null]}', '{"c":{"c":[]}}', '{"c":[[]]}', '{"a":"é[","c":[]}', '{"a":"ééé","c":[]}', '{"c":["[]}"]}', '[]', 'null', '{"c":"x[]}"}', '{"c":[{"d":[]}]}']) AS t WITH OFFSET AS n)
--> [["-", "-", "7", "null", "-", "[]", "-", "-", "\"[]}\"", "-", "-", "-", "{\"d\":[]}"]]

-- -: PARSE_JSON refuses a number that BigQuery does not write with the same digits
SELECT TO_JSON_STRING(PARSE_JSON('[0.1, 1.10, 5.0, 1e3, 67.174117, 18446744073709551615, 123456789012345680000]')) IS NULL AS a, PARSE_JSON('67.174118', wide_number_mode => 'round') IS NULL AS b, SAFE.PARSE_JSON('{"a": "67.174118", "b": 67.174118}') IS NULL AS c
--> ["false", "false", "true"]

-- -
SELECT PARSE_JSON('{"a": 67.174118}')
--! Input number: 67.174118 cannot round-trip through string representation

-- -
SELECT PARSE_JSON('[1, 0.12345678901234567890]')
--! Input number: 0.12345678901234567890 cannot round-trip through string representation

-- -
SELECT PARSE_JSON('-1e400', wide_number_mode => 'round')
--! number overflow parsing '-1e400'
