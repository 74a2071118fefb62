-- trim_white_space
SELECT TRIM(' x\t\n')
--> ["x"]

-- substring
SELECT SUBSTR('abcdef', 0, 3), SUBSTR('abcdef', -10, 3), SUBSTR('abcdef', -2), SUBSTR(b'abc', 2)
--> ["abc", "abc", "ef", "YmM="]

-- concatenated
SELECT CONCAT('a', 1, NUMERIC '1.50'), 'a' || DATE '2024-01-01'
--> ["a11.5", "a2024-01-01"]

-- formats
SELECT FORMAT("%'d", 1234567), FORMAT('%t', NUMERIC '1.50'), FORMAT('%T', 'x')
--> ["1,234,567", "1.5", "\"x\""]

-- concatenated
SELECT b'a' || 'a'
--! No matching signature for operator || for argument types: BYTES, STRING

-- concatenated
SELECT 'a' || NULL
--! Operands of || cannot be literal NULL

-- formats
SELECT FORMAT(f, 5, 'a', 'a') AS a FROM (SELECT '%05d|%-3t|%T|%%e' AS f)
--> ["00005|a  |\"a\"|%e"]

-- formats
SELECT FORMAT('%.2f', NUMERIC '12345678901234567890.125') AS a, FORMAT('%#x', 255) AS b, FORMAT("%'10d|", 12345) AS c
--> ["12345678901234567890.13", "0xff", "    12,345|"]

-- formats
SELECT FORMAT('%p', JSON '{"b":1,"a":[]}') AS a, FORMAT('%T', CAST('nan' AS FLOAT64)) AS b, FORMAT('%*.*f', 8, 2, 3.14159) AS c
--> ["{\"a\":[],\"b\":1}", "CAST(\"nan\" AS FLOAT64)", "    3.14"]

-- formats
SELECT FORMAT('%s', 'a', 'b')
--! Too many arguments to FORMAT

-- formats
SELECT FORMAT('%s', DATE '2024-01-01')
--! Expected STRING; Got DATE

-- formats
SELECT FORMAT("%'d", x) AS a, FORMAT('%T', x) AS b FROM UNNEST([1000, NULL]) AS x
--> ["1,000", "1000"]
--> [null, "NULL"]
