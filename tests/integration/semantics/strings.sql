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
