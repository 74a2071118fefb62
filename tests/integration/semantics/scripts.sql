-- -: parameters are found whatever their names have in them, and whatever their case
SELECT @`a:b` + @`1` AS x, CAST(@n AS STRING) AS n, @P AS p
--@ [{"name": "a:b", "parameterType": {"type": "INT64"}, "parameterValue": {"value": "1"}},
--@ {"name": "1", "parameterType": {"type": "INT64"}, "parameterValue": {"value": "5"}},
--@ {"name": "n", "parameterType": {"type": "NUMERIC"}, "parameterValue": {"value": "1.50"}},
--@ {"name": "p", "parameterType": {"type": "STRING"}, "parameterValue": {"value": "z"}}]
--> ["6", "1.5", "z"]

-- -: the first ? of the text is the first parameter
WITH t AS (SELECT ? AS a) SELECT a, ? AS b FROM t WHERE a = ?
--@ [{"parameterType": {"type": "INT64"}, "parameterValue": {"value": "1"}},
--@ {"parameterType": {"type": "STRING"}, "parameterValue": {"value": "two"}},
--@ {"parameterType": {"type": "INT64"}, "parameterValue": {"value": "1"}}]
--> ["1", "two"]

-- -: variables have types
DECLARE d DATE DEFAULT DATE '2024-01-01'; DECLARE n NUMERIC DEFAULT 12.50; SELECT d + 1 AS d, CAST(n AS STRING) AS n
--> ["2024-01-02", "12.5"]

-- -: a column comes before a variable of the same name
DECLARE id INT64 DEFAULT 5; SELECT id FROM UNNEST([1, 2]) AS id
--> ["1"]
--> ["2"]

-- -: temporary tables have types
CREATE TEMP TABLE kept AS SELECT STRUCT(NUMERIC '2.50' AS m) AS s; SELECT CAST(s.m AS STRING), s.m || 'x' FROM kept
--> ["2.5", "2.5x"]

-- -: functions of the user have types
CREATE TEMP FUNCTION twice(x NUMERIC) RETURNS NUMERIC AS (x * 2); SELECT twice(NUMERIC '1.25') || 'x' AS t
--> ["2.5x"]

-- -: the elements of JSON are JSON
SELECT JSON_VALUE(j.a.b[1]) AS e, JSON '{"a": 1}'['a'] AS f FROM (SELECT JSON '{"a": {"b": [1, 2]}}' AS j)
--> ["2", "1"]

-- -: names with dashes need no backquotes
CREATE SCHEMA local-dev.dashed

-- cast_to_string: where the type is not known, the value decides
CREATE TEMP FUNCTION any_twice(x ANY TYPE) AS (x * 2); SELECT CAST(any_twice(NUMERIC '1.25') AS STRING) AS t
--> ["2.5"]

-- -: a snapshot with options after its source, and a project without backquotes in ALTER SCHEMA
CREATE TABLE probe.kept AS SELECT 1 AS a; CREATE SNAPSHOT TABLE probe.frozen CLONE probe.kept OPTIONS (description='monthly'); ALTER SCHEMA local-dev.probe SET OPTIONS (description='x'); SELECT option_value FROM probe.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = 'frozen'
--> ["\"monthly\""]

-- -: a user function with the name of a macro, in calls large enough for `sharing`
CREATE FUNCTION probe.instr(x STRING, y STRING) AS (CONCAT(x, y)); SELECT probe.instr(probe.instr(probe.instr(probe.instr(probe.instr(probe.instr(k, 'a'), 'a'), 'a'), 'a'), 'a'), 'a') AS t FROM (SELECT 'b' AS k)
--> ["baaaaaa"]
