-- table_column_names
CREATE TABLE unnamed AS SELECT 1 + 1
--! column 1 has no name

-- insert_types
INSERT INTO typed VALUES ('12', 'x')
--! Value has type STRING which cannot be inserted into column id, which has type INT64

-- insert_types
INSERT INTO typed VALUES (1, 5)
--! Value has type INT64 which cannot be inserted into column name, which has type STRING

-- one_match
UPDATE matched AS t SET v = s.v FROM (SELECT 1 AS id, 5 AS v UNION ALL SELECT 1, 6) AS s WHERE t.id = s.id
--! UPDATE/MERGE must match at most one source row for each target row
