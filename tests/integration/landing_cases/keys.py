"""Primary keys that are missing, repeated or written in several ways: the check `key_is_whole`."""

from .case import PERSON, Case, parquet

DIFFERENT = [
    *("Zo\u00eb", "M\u00fcnchen 2", "Zoe\u0308 B", "x\u00b2", "x2", "A  1", "A\u00a02", "\u2702\ufe0f", "\u6771\u4eac"),
    *("\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e01\u0e34\u0e19", "\u0645\u06cc\u200c\u062e"),
    # Families with and without a joiner, and flags that differ in a tag.
    *("\U0001f468\u200d\U0001f469", "\U0001f468\U0001f467"),
    *("\U0001f3f4\U000e0067\U000e0065\U000e007f", "\U0001f3f4\U000e0067\U000e0073\U000e007f"),
]
KEYS = {
    "keys": Case(
        "id,name\n1,Ada\n2,Grace\n1,Edsger\n,Alan\n",
        columns=PERSON,
        key="id",
        errors={
            "key_is_whole": (
                *("line 5, column 'id'", "1 of 4 rows have no key"),
                *("line 2, column 'id'", "2 rows have the key 1", "line 4"),
            )
        },
    ),
    "keys_named_url": Case(
        "url,n\n7,Ada\n8,Grace\n7,Edsger\n",
        columns={"url": "integer", "n": "string"},
        key="url",
        errors={"key_is_whole": ("line 2, column 'url'", "2 rows have the key 7", "line 4")},
    ),
    "keys_of_numbers": Case(
        "id,name\n7,a\n+07,b\n007,c\n08,d\n-1,e\n-01,f\n0,g\n00,h\n0x7,i\n9,j\n",
        key="id",
        warnings={"key_is_whole": ("3 numbers are keys in several texts", "'+07' and '7'")},
    ),
    "keys_of_parts": Case(
        "one,other\n7,1\n007,1\n007,2\n",
        columns={"one": "string", "other": "integer"},
        key="other,one",
        warnings={"key_is_whole": ("1 number is a key in several texts", "'1, 007' and '1, 7'")},
    ),
    "keys_of_codes": Case("id,name\n7,a\n08,b\n+9,c\n", key="id"),
    "keys_that_look_the_same": Case(
        {
            "1.csv": "id,name\nA1,a\nZo\u00eb,b\nC 1,c\nD1,d\nE,e\n",
            "2.csv": "id,name\nA\u200b1,a\nZoe\u0308,b\nC\u00a01,c\nD\u00ad1,d\nF,f\nE\ufeff,e\n",
        },
        key="id",
        warnings={
            "key_is_whole": (
                *("2.csv, line 2, column 'id': 5 keys have several spellings", r"'A1' and 'A\u200b1'"),
                "1 of 11 rows have blanks around the key, or invisible characters",
            )
        },
    ),
    "parts_that_look_the_same": Case(
        "one,other\nA,1\nA  B,1\nA B,1\nA B,2\n",
        columns={"one": "string", "other": "integer"},
        key="other,one",
        warnings={"key_is_whole": ("line 3, column 'other, one': 1 key has several spellings", "'1, A B'")},
    ),
    "keys_of_many_languages": Case("\n".join(["id", *DIFFERENT, ""]), key="id"),
    "keys_of_objects": Case(
        '{"id": 1}\n{"id": null}\n{"name": "x"}\n',
        {"filetype": "jsonl"},
        PERSON,
        key="id",
        errors={"key_is_whole": ("line 2, column 'id'", "2 of 3 rows have no key")},
    ),
    "keys_of_parquet": Case(
        parquet(id=[1, None, None]),
        {"filetype": "parquet"},
        key="id",
        errors={"key_is_whole": ("2 of 3 rows have no key",)},
    ),
}
