CREATE TABLE unnested AS SELECT 1 AS k, [STRUCT(1 AS a, 2 AS b)] AS pairs;
CREATE TABLE events AS SELECT [STRUCT('page' AS key, STRUCT('/home' AS text, 1 AS number) AS value), STRUCT('id', STRUCT('x', 2))] AS event_params;
CREATE TABLE typed (id INT64, name STRING);
CREATE TABLE matched AS SELECT 1 AS id, 0 AS v;
CREATE TABLE merged (id INT64, day DATE, doc JSON);
