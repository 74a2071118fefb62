"""Files whose oddity may be intended: a check reports it as a warning, and dbt builds."""

from decimal import Decimal

from .case import NUMBERS, PERSON, Case, avro, parquet

WARNED = {
    "old_column": Case(
        # The connector looks for columns in the ten newest files; the oldest is written first.
        {"12.csv": "id,discount\n12,5\n", **{f"{n:02}.csv": f"id\n{n}\n" for n in range(1, 12)}},
        warnings={"columns_arrived": ("12.csv, line 1, column 'discount'", "not loaded", "connections.yaml")},
        rows=[(f"{n}",) for n in sorted(range(1, 13), key=str)],
    ),
    "ragged": Case(
        "id,name\n1,Ada\n2\n3,Edsger,x\n4,Alan\n",
        {"ignore_errors_on_fields_mismatch": True},
        warnings={"file_is_well_formed": ("line 3", "1 values, the header has 2", "line 4")},
        rows=[("1", "Ada"), ("4", "Alan")],
    ),
    "quoted_lines": Case(
        '"id,name"\n"1,Ada"\n\n"2,Grace"\n',
        warnings={"columns_arrived": ("line 1", "quotes around each whole line", "one column of texts")},
        rows=[("1,Ada",), ("2,Grace",)],
    ),
    "blank_before_quote": Case(
        'id,name\n1, "Ada"\n',
        columns=PERSON,
        warnings={"file_is_well_formed": ("line 2", "' \"Ada\"'", "blank before its quote", "trim")},
        rows=[(1, ' "Ada"')],
    ),
    "ampersands": Case(
        "id&name\n1&Ada\n2&Grace\n",
        warnings={"columns_arrived": ("line 1", "delimiter: '&'", "one column of texts")},
        rows=[("1&Ada",), ("2&Grace",)],
    ),
    "yaml": Case("name: a\nitems:\n- b\n", warnings={"columns_arrived": ("line 1", "YAML", "one column of texts")}),
    "quoted_texts": Case('"City, State"\n"Boise, Idaho"\n', rows=[("Boise, Idaho",)]),
    "parquet_numbers": Case(
        parquet(exact=[Decimal("0.123456789012"), Decimal(1)], text=["1E-12", "12.5000000000"]),
        {"filetype": "parquet"},
        NUMBERS,
        warnings={"values_were_cast": ("'0.123456789012' is loaded as 0.123456789", "'1E-12' is loaded as 0:")},
        rows=[("0.123456789", 0), (1, "12.5")],
    ),
    "avro_numbers": Case(
        avro(
            {"exact": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 12}, "text": "string"},
            (Decimal(1), "12.5000000000"),
            (Decimal("0.123456789012"), "1E-12"),
        ),
        {"filetype": "avro"},
        NUMBERS,
        warnings={
            "values_were_cast": (
                "a.csv, record 2, column 'exact': '0.123456789012' is loaded as 0.123456789",
                "record 2, column 'text': '1E-12' is loaded as 0:",
            )
        },
        rows=[("0.123456789", 0), (1, "12.5")],
    ),
    "copies": Case(
        {"1.csv": "a.b,a-b\n1,2\n", "old/1.csv": "a.b,a-b\n1,2\n"},
        warnings={
            "columns_arrived": ("'a-b'", "'a.b'"),
            "file_is_well_formed": ("old/1.csv", "same content", "1.csv"),
        },
        rows=[("1", "2"), ("1", "2")],
    ),
}
