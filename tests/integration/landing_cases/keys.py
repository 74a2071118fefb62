"""Primary keys that are missing, repeated or written in several ways: the check `key_is_whole`."""

from .case import PERSON, Case, parquet

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
