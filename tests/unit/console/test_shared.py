"""Open pages share a question, and its failure."""

import asyncio

import pytest

from console.logic.shared import AT_ONCE, Shared, for_all_pages, gathered


def test_many_pages_ask_once() -> None:
    asked = []

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return len(asked)

    async def pages() -> None:
        shared = Shared(ask, 60)
        assert await asyncio.gather(*(shared() for _ in range(20))) == [1] * 20
        shared.forget()
        assert await shared() == 2

    asyncio.run(pages())


def test_a_closed_page_does_not_end_the_question_of_the_others() -> None:
    async def pages() -> str:
        release = asyncio.Event()

        async def ask() -> str:
            await release.wait()
            return "answer"

        shared = Shared(ask, 60)
        closed, other = asyncio.create_task(shared()), asyncio.create_task(shared())
        await asyncio.sleep(0)
        closed.cancel()
        release.set()
        return await other

    assert asyncio.run(pages()) == "answer"


def test_a_failure_is_asked_again() -> None:
    async def pages() -> None:
        async def ask() -> str:
            raise ValueError("away")

        shared = Shared(ask, 0)
        for _ in range(2):
            with pytest.raises(ValueError, match="away"):
                await shared()

    asyncio.run(pages())


def test_questions_are_gathered_in_order_and_few_at_once() -> None:
    active, most = 0, 0

    async def ask(item: int) -> int:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1
        return item

    assert asyncio.run(gathered(ask, range(20))) == [*range(20)]
    assert most == AT_ONCE


def test_after_a_failure_the_other_questions_are_dropped() -> None:
    asked = []

    async def ask(item: int) -> int:
        asked.append(item)
        await asyncio.sleep(0)
        raise ValueError(item)

    async def page() -> None:
        with pytest.raises(ValueError, match="0"):
            await gathered(ask, range(1000))
        await asyncio.sleep(0)

    asyncio.run(page())
    assert len(asked) < 20


def test_all_pages_ask_each_service_once() -> None:
    asked: list[str] = []

    @for_all_pages(60)
    async def question(service: str) -> str:
        asked.append(service)
        await asyncio.sleep(0)
        return f"answer of {service}"

    async def pages() -> list[str]:
        together = await asyncio.gather(*map(question, ("one", "other", "one")))
        return [*together, await question("one")]

    assert asyncio.run(pages()) == ["answer of one", "answer of other", "answer of one", "answer of one"]
    assert asked == ["one", "other"]
