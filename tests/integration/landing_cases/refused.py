"""Files that the connector refuses: the job fails with the place and the reason."""

from .case import PEOPLE, PERSON, Case

REFUSED = {
    "blanks": (Case("id, name\n1,Ada\n", columns=PERSON), ("a.csv, line 1", "' name'")),
    "repeated": (Case("id,name,name\n1,Ada,Byron\n", columns=PERSON), ("a.csv, line 1", "'name' (columns 2, 3)")),
    "case": (Case("ID,id,name\n1,2,Ada\n", columns=PERSON), ("a.csv, line 1", "'ID'", "'id'")),
    "others": (Case("a,b\n1,Ada\n", columns=PERSON), ("a.csv, line 1", "none of the declared columns")),
    "mark": (Case("\ufeffid,name\n1,Ada\n", {"encoding": "utf8"}, PERSON), ("a.csv, line 1", "utf-8-sig")),
    "semicolons": (Case("id;name\n1;1,50\n", columns=PERSON), ("a.csv, line 1", "format.delimiter to ';'")),
    "open_quote": (Case('id,name\n1,Ada\n2,"Grace\n3,Alan\n', columns=PERSON), ("a.csv, line 3", "quote")),
    "empty": (Case({"a.csv": PEOPLE, "b.csv": ""}, columns=PERSON), ("b.csv", "empty")),
    "bad_row": (Case("id,name\n1,Ada\n2,Hop,per\n", columns=PERSON), ("a.csv, line 3", "3 values, the header has 2")),
}
