"""The tries of the console's pages."""

import time
from typing import cast
from unittest.mock import MagicMock

import pytest
from playwright.sync_api import Page

from benchmarks.latency.pages import PAUSE, TIMES, PageError, open_anew, open_page, tried
from benchmarks.rounds import Deadline

LATER, OVER = Deadline(time.monotonic() + 3600), Deadline(0)


@pytest.fixture
def page() -> MagicMock:
    """A browser's page that shows no error."""
    found = MagicMock()
    found.locator.return_value.all_inner_texts.return_value = []
    return found


def test_a_page_that_shows_an_error_is_not_open(page: MagicMock) -> None:
    open_page(cast(Page, page), "http://127.0.0.1/tables")
    page.locator.return_value.all_inner_texts.return_value = ["BigQuery: no answer"]
    with pytest.raises(PageError, match="BigQuery: no answer"):
        open_page(cast(Page, page), "http://127.0.0.1/tables")


def test_before_a_page_is_opened_the_last_one_is_left_and_its_answers_get_old(page: MagicMock) -> None:
    page.wait_for_timeout.side_effect = lambda _: page.goto.assert_called_once_with("about:blank")
    open_anew(cast(Page, page), "http://127.0.0.1/tables")
    page.wait_for_timeout.assert_called_once_with(PAUSE)


def test_a_page_that_fails_is_told_and_the_others_go_on() -> None:
    tries: list[str] = []

    def works() -> float:
        tries.append("works")
        return 0.5

    def fails() -> float:
        tries.append("fails")
        raise PageError("the page shows an error: no answer")

    found = tried({"fails": fails, "works": works}, LATER)
    assert found["fails"]["error"] == "the page shows an error: no answer"
    assert found["works"] == {"seconds": [0.5] * TIMES}
    assert tries.count("fails") == 1


def test_after_the_deadline_each_page_is_tried_once() -> None:
    assert tried({"a": lambda: 0.5, "b": lambda: 0.7}, OVER) == {"a": {"seconds": [0.5]}, "b": {"seconds": [0.7]}}
