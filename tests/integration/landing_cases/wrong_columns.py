"""Headers and columns from which no right table comes: the check `columns_arrived`."""

from tests.data_files import avro

from .case import PERSON, Case, parquet

WRONG_COLUMNS = {
    "other_delimiter": Case("id|a,b|c\n1|2,3|4\n", errors={"columns_arrived": ("line 1", "'|'", "delimiter")}),
    "caret": Case("id^name\n1^Ada\n", errors={"columns_arrived": ("line 1", "'^'", "delimiter")}),
    "hive": Case("id\x01name\n1\x01Ada\n", errors={"columns_arrived": ("line 1", r'delimiter: "\u0001"')}),
    "settings": Case("[db]\nport=5\n", errors={"columns_arrived": ("line 1", "INI", "globs")}),
    "misspelt": Case(
        "id,nmae\n1,Ada\n",
        columns=PERSON,
        errors={"columns_arrived": ("line 1, column 'name'", "'nmae'")},
        rows=[(1, None)],
    ),
    "lost_header": Case(
        "1,Ada\n2,Grace\n", errors={"columns_arrived": ("line 1, column '1'", "no header", "header_definition")}
    ),
    "framed": Case(
        "+----+\n| id |\n+----+\n|  1 |\n+----+\n", errors={"columns_arrived": ("line 1", "a table with lines")}
    ),
    "another_format": Case("<?xml version='1.0'?>\n<a></a>\n", errors={"columns_arrived": ("line 1", "XML")}),
    "avro_columns": Case(
        {
            "1.avro": avro({"id": "int", "name": "string"}, (1, "Ada")),
            "2.avro": avro({"id": "int", "full_name": "string"}, (1, "Grace")),
        },
        {"filetype": "avro"},
        PERSON,
        key="id",
        errors={
            "columns_arrived": ("2.avro, column 'name': the file does not have this declared column", "'full_name'"),
            "key_is_whole": ("1.avro, record 1, column 'id': 2 rows have the key 1",),
        },
    ),
    "parquet_columns": Case(
        parquet(id=[1], full_name=["Ada"]),
        {"filetype": "parquet"},
        PERSON,
        errors={"columns_arrived": ("column 'name': the file does not have this declared column", "'full_name'")},
    ),
}
