"""The values that the warehouse keeps in memory are never older than what is stored."""

from warehouse.memory import ENTRIES, Memory


def test_a_value_is_read_once_until_its_kind_is_written() -> None:
    memory, read = Memory(), iter(range(10))
    assert [memory.get("tables", "t", lambda: next(read)) for _ in range(3)] == [0, 0, 0]
    memory.forget("datasets")
    assert memory.get("tables", "t", lambda: next(read)) == 0
    memory.forget("tables")
    assert memory.get("tables", "t", lambda: next(read)) == 1
    assert memory.get("tables", "other", lambda: next(read)) == 2


def test_what_is_missing_is_kept_too() -> None:
    memory, read = Memory(), iter([None, "found"])
    assert [memory.get("tables", "t", lambda: next(read)) for _ in range(2)] == [None, None]


def test_a_value_that_is_written_while_it_is_read_is_not_kept() -> None:
    memory = Memory()

    def slow() -> str:
        memory.forget("tables")  # another thread writes
        return "old"

    assert memory.get("tables", "t", slow) == "old"
    assert memory.get("tables", "t", lambda: "new") == "new"


def test_the_number_of_values_is_bounded() -> None:
    memory = Memory()
    for key in range(ENTRIES * 2 + 1):
        memory.get("tables", key, lambda: "x")
    assert len(memory._kept["tables"]) <= ENTRIES
