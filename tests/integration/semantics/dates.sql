-- months_apart
SELECT GENERATE_DATE_ARRAY('2024-01-31', '2024-05-31', INTERVAL 1 MONTH)
--> [["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]]

-- extract_parts
SELECT EXTRACT(MILLISECOND FROM TIMESTAMP '2024-01-01 10:00:07.250'), EXTRACT(MICROSECOND FROM DATETIME '2024-01-01 10:00:07.250')
--> ["250", "250000"]

-- extract_parts
SELECT EXTRACT(EPOCH FROM TIMESTAMP '2024-01-01')
--! valid date part name is required

-- date_trunc
SELECT STRING(DATE_TRUNC('2024-01-05', MONTH))
--> ["2024-01-01"]

-- instants_apart
SELECT EXTRACT(HOUR FROM TIMESTAMP '2024-01-02' - TIMESTAMP '2024-01-01')
--> ["24"]

-- date_parts
SELECT DATE_ADD(DATE '2024-01-01', INTERVAL 1 HOUR)
--! DATE_ADD does not support the HOUR date part

-- date_parts
SELECT TIMESTAMP_DIFF(TIMESTAMP '2024-03-01', TIMESTAMP '2024-01-01', MONTH)
--! TIMESTAMP_DIFF does not support the MONTH date part

-- extract_parts
SELECT EXTRACT(HOUR FROM DATE '2024-01-01')
--! EXTRACT from DATE does not support the HOUR date part

-- on_instants
SELECT STRING(DATE_ADD(TIMESTAMP '2024-01-01', INTERVAL 1 HOUR)) AS later, DATE_DIFF(TIMESTAMP '2024-01-02 01:00:00', TIMESTAMP '2024-01-01 23:00:00', DAY) AS days
--> ["2024-01-01 01:00:00+00", "0"]

-- current_moment
SELECT b IS NOT NULL FROM (SELECT CURRENT_TIMESTAMP() AS current_timestamp, current_timestamp AS b)
--> ["true"]

-- parsed_instants
SELECT STRING(PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%E*SZ', '2024-01-01T10:11:12.345Z')) AS a, STRING(PARSE_TIMESTAMP('%s', '1719792000')) AS b
--> ["2024-01-01 10:11:12.345+00", "2024-07-01 00:00:00+00"]

-- parsed_instants
SELECT CAST(PARSE_DATETIME('%Y-%m-%d %H:%M:%E3S', '2024-01-01 10:11:12.345') AS STRING) AS a
--> ["2024-01-01 10:11:12.345"]

-- parsed_instants
SELECT PARSE_TIMESTAMP('%Y-%m-%d %E*S', 'yesterday')
--! Failed to parse input string

-- on_instants
SELECT DATE_ADD(t, INTERVAL 1 HOUR) AS u FROM (SELECT TIMESTAMP '9999-12-31 23:59:59' AS t)
--! out of range

-- date_trunc
SELECT DATE_TRUNC(DATETIME '2024-01-05 10:00:00', WEEK(TUESDAY)) AS d
--> ["2024-01-02T00:00:00"]

-- -
SELECT DATE_TRUNC(TIMESTAMP '0001-01-01', WEEK) AS t
--! out of range

-- -
SELECT FORMAT_TIMESTAMP('%Z', t, 'Asia/Kathmandu') AS a, FORMAT_TIMESTAMP('%Z', t, '-5') AS b, FORMAT_TIMESTAMP('%Z', t) AS c FROM (SELECT TIMESTAMP '2024-01-01' AS t)
--> ["UTC+0545", "UTC-5", "UTC"]

-- -
SELECT FORMAT_TIMESTAMP('%Z', TIMESTAMP '2024-01-01', 'nowhere') AS z
--! Invalid time zone: nowhere
