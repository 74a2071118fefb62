"""The values that the generator puts into the templates: each pool has the edges of one kind of argument."""

# The type of a pool's values; a column of it can be NULL. The other pools, keywords and patterns, stay in their place.
TYPES = {
    "int64": "INT64",
    "small_int": "INT64",
    "positive": "INT64",
    "step": "INT64",
    "epoch": "INT64",
    "byte": "INT64",
    "code_point": "INT64",
    "year": "INT64",
    "month": "INT64",
    "hour": "INT64",
    "float64": "FLOAT64",
    "small_float": "FLOAT64",
    "numeric": "NUMERIC",
    "bignumeric": "BIGNUMERIC",
    "bool": "BOOL",
    "string": "STRING",
    "number_text": "STRING",
    "bool_text": "STRING",
    "date_text": "STRING",
    "us_date_text": "STRING",
    "iso_text": "STRING",
    "epoch_text": "STRING",
    "time_text": "STRING",
    "json_text": "STRING",
    "bytes": "BYTES",
    "date": "DATE",
    "near_date": "DATE",
    "datetime": "DATETIME",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
    "interval": "INTERVAL",
    "json": "JSON",
    "int64_array": "ARRAY<INT64>",
    "float_array": "ARRAY<FLOAT64>",
    "numeric_array": "ARRAY<NUMERIC>",
    "string_array": "ARRAY<STRING>",
    "bytes_array": "ARRAY<BYTES>",
    "date_array": "ARRAY<DATE>",
}


def _typed(kind: str, *texts: str) -> list[str]:
    return [f"{kind} '{text}'" for text in texts]


def _quoted(*texts: str) -> list[str]:
    return [f"'{text}'" for text in texts]


_DATE_PARTS = ["DAY", "WEEK", "WEEK(MONDAY)", "WEEK(SATURDAY)", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR"]
_TIME_UNITS = ["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"]
_DATE_UNITS = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]

POOLS = {
    "int64": ["0", "1", "-1", "2", "-7", "1234567", "9007199254740993", "9223372036854775807", "-9223372036854775808"],
    "small_int": ["0", "1", "2", "3", "-1", "-2", "-4", "5", "11"],
    "positive": ["1", "2", "3", "5"],
    "step": ["1", "2", "-1", "0", "3"],
    "epoch": ["0", "1", "-1", "1719792000", "1719792000123", "-62135596800", "253402300799", "9223372036854775807"],
    "byte": ["0", "65", "195", "255", "256", "-1"],
    "code_point": ["0", "65", "233", "26085", "128512", "55296", "1114112", "-1"],
    "year": ["1", "1970", "2024", "9999", "0", "10000"],
    "month": ["1", "2", "12", "0", "13"],
    "hour": ["0", "23", "24"],
    "float64": [
        *("0.0", "1.5", "-2.5", "0.1", "3.0", "123456789.125", "1e15", "1e21", "-1e-7", "1.7976931348623157e308"),
        *("CAST('nan' AS FLOAT64)", "CAST('inf' AS FLOAT64)", "CAST('-inf' AS FLOAT64)"),
    ],
    "small_float": ["0.0", "0.5", "1.0", "-1.0", "2.5", "-0.25", "10.0", "CAST('nan' AS FLOAT64)"],
    "numeric": _typed(
        "NUMERIC",
        *("0", "1", "1.5", "-1.5", "12.50", "0.000000001", "-2.5", "1234567.891", "99999999999.5"),
        *("99999999999999999999999999999.999999999", "-99999999999999999999999999999.999999999"),
    ),
    "bignumeric": _typed(
        "BIGNUMERIC",
        *("0", "1.5", "-2.5", "0.00000000000000000000000000000000000001", "123456789012345678901234567890.5"),
        "578960446186580977117854925043439539266.34992332820282019728792003956564819967",
    ),
    "bool": ["TRUE", "FALSE"],
    "string": [
        *_quoted(
            "", "a", "abc", "ABC", r" x\t\n", "é", "ñandú straße", "日本語", "😀x", "a,b,,c", "foo bar-baz", "%_a"
        ),
        '"it\'s"',
        r"'\u00a0x\u2003'",
        r"'e\u0301 İı'",
    ],
    "number_text": _quoted(
        *("12", "-5", "+3", "10.7", "1e3", "1_000", " 12 ", "0x1A", "", "abc", "9223372036854775808", "1.", ".5"),
        *("nan", "inf", "-Infinity", "12.50", "1.0000000005", "99999999999999999999999999999.9", "1e40", "true"),
    ),
    "bool_text": _quoted("true", "FALSE", "True", "t", "yes", "1", "0", "", " true", "on"),
    "date_text": _quoted(
        *("2024-01-31", "2024-02-30", "2024-1-5", "2024/01/01", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z", ""),
        *("2024-01-01 10:00:00.123456", "2024-01-01 10:00:00+02", "2024-01-01 10:00:00 America/New_York", "0001-01-01"),
        *("10000-01-01", "2024-01-01 24:00:00", "2024-01-01 10:00", " 2024-01-01", "20240101", "x"),
    ),
    "us_date_text": _quoted("01/05/24", "1/5/24", "12/31/99", "13/01/24", "02/30/24"),
    "iso_text": _quoted(
        "2024-01-01T10:11:12.345Z", "2024-01-01T10:11:12Z", "2024-01-01T10:11:12.123456Z", "2024-01-01"
    ),
    "epoch_text": _quoted("1719792000", "0", "-1", "x"),
    "time_text": _quoted("10:11:12", "1:2:3", "23:59:59.999999", "24:00:00", "10:11", "", "10:11:12.1"),
    "json_text": _quoted(
        *(
            '{"a":{"b":[1,2]},"n":1.5,"s":"x"}',
            '{"a":null}',
            '[1,"x",{"k":true}]',
            '"text"',
            "12",
            "1.0",
            "true",
            "null",
        ),
        *(
            "",
            "oops",
            '{"a":',
            '{"é":"\\\\u00e9","a.b":1}',
            '{"a":12345678901234567890123}',
            "{}",
            "[]",
            '{"a":1,"a":2}',
        ),
    ),
    "bytes": ["b''", "b'abc'", r"b'\xff\x00'", r"b'\xc3\xa9'", "b'a'"],
    "date": _typed(
        "DATE",
        *("2024-01-31", "2024-02-29", "2023-03-01", "0001-01-01", "9999-12-31", "1970-01-01", "1969-12-31"),
        *("2024-12-30", "2021-01-03"),
    ),
    "near_date": _typed("DATE", "2024-03-25", "2024-03-31", "2024-04-02"),
    "datetime": _typed(
        "DATETIME",
        *("2024-01-31 10:11:12.345678", "2024-02-29 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
        *("1969-12-31 23:59:59.5", "2024-12-30 23:59:59.999", "2024-06-15 12:30:45.25"),
    ),
    "timestamp": _typed(
        "TIMESTAMP",
        *(
            "2024-01-31 10:11:12.345678+00",
            "2024-03-10 07:30:00+00",
            "2024-11-03 06:30:00.5+00",
            "1970-01-01 00:00:00+00",
        ),
        *(
            "0001-01-01 00:00:00+00",
            "9999-12-31 23:59:59.999999+00",
            "1969-12-31 23:59:59.999+00",
            "2024-07-15 12:00:00-05",
        ),
    ),
    "time": _typed("TIME", "00:00:00", "23:59:59.999999", "12:34:56.5", "01:02:03.250"),
    "interval": [
        *("INTERVAL 1 DAY", "INTERVAL -25 HOUR", "INTERVAL 14 MONTH", "INTERVAL '1-2 3 4:5:6.7' YEAR TO SECOND"),
        *("INTERVAL '-0-1 40 30:0:0.000001' YEAR TO SECOND", "INTERVAL 0 DAY", "INTERVAL 1500 MILLISECOND"),
    ],
    "json": [
        """JSON '{"a":{"b":[1,2]},"n":1,"f":1.5,"s":"7","l":["x","y"]}'""",
        *(
            "JSON '{\"a\":null}'",
            'JSON \'[1,"x",{"k":true}]\'',
            "JSON '\"text\"'",
            "JSON '12'",
            "JSON '1.5'",
            "JSON 'true'",
        ),
        *("JSON 'null'", "JSON '{}'", "JSON '[]'", "JSON '\"12\"'", 'JSON \'{"b":1,"a":[null,{"c":null}]}\''),
    ],
    "int64_array": ["[1, 2, 3]", "ARRAY<INT64>[]", "[NULL, 1]", "[5]", "[3, 3, -2]", "[9223372036854775807, 1]"],
    "float_array": [
        *("[1.5, 2.5, -1.0]", "ARRAY<FLOAT64>[]", "[NULL, 0.1, 0.2]", "[CAST('nan' AS FLOAT64), 1.0]"),
        "[CAST('inf' AS FLOAT64), 1.0]",
    ],
    "numeric_array": [
        *("[NUMERIC '1.5', NUMERIC '2.25']", "ARRAY<NUMERIC>[]", "[NUMERIC '1', NULL, NUMERIC '0.000000001']"),
        "[NUMERIC '99999999999999999999999999999', NUMERIC '99999999999999999999999999999']",
    ],
    "string_array": ["['b', 'a', 'é']", "ARRAY<STRING>[]", "['x', NULL, '']", "['a', 'B', 'a']"],
    "bytes_array": ["[b'a', b'b']", "ARRAY<BYTES>[]", r"[b'\xff', NULL]"],
    "date_array": ["[DATE '2024-01-31', DATE '0001-01-01']", "ARRAY<DATE>[]", "[NULL, DATE '2024-02-29']"],
    "like": [*_quoted("a%", "%b%", "_", "", "%", "ABC", "%é%"), r"r'\%\_a'", r"r'%\\'"],
    "needle": _quoted("A", "é", "BAR", "x"),
    "regexp": ["r'b'", "r'a(.)c'", r"r'\w+'", "r'^$'", "r'(?i)ABC'", "r'x*'", "r'[[:alpha:]]+'", r"r'(a)|(b)'", "r'('"],
    "base32": _quoted("MFRGG===", "", "X"),
    "base64": _quoted("YWJj", "", "YQ==", "*", "YQ"),
    "hex": _quoted("616263", "", "FF", "abc", "xy"),
    "delimiter": _quoted(",", " ", "b", "ab", "é"),
    "url": _quoted(
        *("http://www.example.co.uk/a?b", "//user:pw@Example.COM:80", "mailto:a@b.org", "x", "", " http://a.b.c/ "),
        *("http://[::1]:80/", "www.example.com", "http://例え.テスト/"),
    ),
    "ip": _quoted("1.2.3.4", "::1", "2001:db8::8a2e:370:7334", "300.1.1.1", "", "::ffff:1.2.3.4"),
    "json_path": [
        *_quoted("$", "$.a", "$.a.b", "$.a.b[1]", "$[0]", "$[2].k", "$.x"),
        "\"$['a.b']\"",
        "'$.é'",
        "'$.a.b[9]'",
    ],
    "date_unit": _DATE_UNITS,
    "datetime_unit": _DATE_UNITS + _TIME_UNITS,
    "timestamp_unit": [*_TIME_UNITS, "DAY"],
    "time_unit": _TIME_UNITS,
    "date_part": _DATE_PARTS,
    "datetime_part": _DATE_PARTS + _TIME_UNITS,
    "last_day_part": ["MONTH", "QUARTER", "YEAR", "WEEK", "WEEK(MONDAY)", "ISOWEEK", "ISOYEAR"],
    "interval_unit": _DATE_UNITS + _TIME_UNITS[2:],
    "extract_date": [*_DATE_PARTS, "DAYOFWEEK", "DAYOFYEAR"],
    "extract_datetime": [*_DATE_PARTS, "DAYOFWEEK", "DAYOFYEAR", *_TIME_UNITS],
    "extract_time": _TIME_UNITS,
    "extract_interval": ["YEAR", "MONTH", "DAY", *_TIME_UNITS],
    "zone": _quoted("UTC", "America/New_York", "Europe/Berlin", "+05:30", "Asia/Kathmandu", "Mars/X", "-8"),
    "date_format": _quoted("YYYY-MM-DD", "DD MON YY", "Day, Month", "Q DDD", "MM/DD/YYYY", "DY"),
    "timestamp_format": _quoted("YYYY-MM-DD HH24:MI:SS", "HH12:MI AM", "SS.FF3", "YYYY TZH:TZM", "SSSSS"),
    "date_pattern": _quoted(
        *("%Y-%m-%d", "%d %b %y", "%A, %B %e", "%j %U %W %u %w", "%G-W%V", "%x", "%F", "%D", "%C", "%Q", "%h %E4Y"),
        "%% %n%t",
    ),
    "datetime_pattern": _quoted(
        *(
            "%Y-%m-%d %H:%M:%S",
            "%F %T",
            "%I:%M:%S %p",
            "%E3S",
            "%E*S",
            "%R %I",
            "%c",
            "%X",
            "%H%%",
            "%p",
            "%E6S",
            "%s",
        ),
    ),
    "zone_pattern": _quoted("%F %T %Z", "%H:%M%z", "%Ez", "%c"),
    "time_pattern": _quoted("%H:%M:%S", "%T", "%I:%M %p", "%E*S", "%R", "%X", "%E3S"),
    "timestamp_text": _quoted(
        *(
            "2024-01-01 10:00:00-5:30",
            "2024-01-01 10:00:00-0",
            "2024-01-01t10:00:00z",
            "2024-01-01 10:00:00 Europe/Berlin",
        ),
        *("2024-1-1", "2024-01-01 10:00:00.1234567", "2024-01-01 10:00:00 UTC"),
    ),
}
