from tests.dialect.documented import NAMES, WITHOUT_ANSWER, checked, refused
from tests.dialect.generator import expressions


def test_every_documented_function_is_compared_refused_or_listed() -> None:
    missing = set(NAMES) - checked() - set(refused()) - WITHOUT_ANSWER
    assert not missing, sorted(missing)
    assert len(NAMES) > 300


def test_the_generator_is_repeatable_and_has_no_expression_twice() -> None:
    first = expressions(300)
    assert first == expressions(300)
    assert len(set(first)) == 300
