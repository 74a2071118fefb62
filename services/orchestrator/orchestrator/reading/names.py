"""Which table column a name of a file is."""

from platform_kit.names import column_name


def bears(column: str, name: str) -> bool:
    """Return whether a name of the file is that of a table column (in lower case), also if it has blanks around it."""
    return column in {column_name(name).lower(), column_name(name.strip()).lower()}
