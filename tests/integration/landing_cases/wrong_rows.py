"""Faulty lines and missing rows: the checks `file_is_well_formed` and `row_count_matches_file`."""

from .case import ADA, PEOPLE, PERSON, Case

WRONG_ROWS = {
    "joined": Case(
        "id,name\n1,Ada\nid,name\n A2,Grace\n,\n",
        key="id",
        errors={
            "file_is_well_formed": ("line 3", "repeats the header", "line 5", "without values"),
            "key_is_whole": ("1 of 4 rows have no key", "1 of 4 rows have blanks around the key"),
        },
    ),
    "stopped": Case(
        {"a.csv": PEOPLE, "b.csv": "id,name\n3,Edsger\n4,Alan\nfive,Ada\n6,Barbara\n"},
        columns=PERSON,
        policy="Wait for Discover",
        errors={"row_count_matches_file": ("4 rows", "6 records", "stopped/b.csv, line 4", "Emit Record")},
        rows=[*ADA, (3, "Edsger"), (4, "Alan")],
    ),
    "invisible": Case(
        "id,na\u200bme\n1,A\0da\n",
        errors={"columns_arrived": ("line 1", "invisible"), "file_is_well_formed": ("line 2", "NUL")},
    ),
    "garbled": Case(
        "id,name\n1,Zoë\n", {"encoding": "latin-1"}, errors={"file_is_well_formed": ("line 2", "UTF-8", "latin-1")}
    ),
}
