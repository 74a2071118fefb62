-- table_column_names
CREATE TEMP TABLE unnamed AS SELECT 1 + 1
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

-- insert_types
INSERT INTO typed (id, name) SELECT 1
--! Inserted row has wrong column count; Has 1, expected 2

-- insert_types: VALUES of a MERGE are values
MERGE merged AS t USING (SELECT 1 AS id) AS s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, day) VALUES (7, '2024-01-01')

-- update_types
UPDATE typed SET name = 5 WHERE TRUE
--! Value of type INT64 cannot be assigned to name, which has type STRING

-- conditions
DELETE FROM typed WHERE id
--! WHERE clause should return type BOOL, but returns INT64

-- -: DEFAULT is no column
UPDATE typed SET id = DEFAULT WHERE TRUE

-- -: NULL has every type, JSON is assigned
MERGE merged AS t USING (SELECT 7 AS id) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET doc = JSON '{}'

-- -: NULL has every type
INSERT INTO typed (id, name) VALUES (NULL, NULL)
