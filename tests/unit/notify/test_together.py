import asyncio
from collections.abc import Sequence

import pytest

from services.notify.sending.together import Together
from shared.delivery.ports import TransientError


class Answering:
    """Doubles numbers, once it may; fails of those calls that hold one of *bad*."""

    def __init__(self, *bad: int, error: type[Exception] = ZeroDivisionError) -> None:
        self.bad = set(bad)
        self.error = error
        self.calls: list[list[int]] = []
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, asked: Sequence[int]) -> list[int]:
        self.calls.append(list(asked))
        await asyncio.sleep(0)  # it takes a while
        await self.may.wait()
        if self.bad & set(asked):
            raise self.error
        return [2 * each for each in asked]


async def test_what_comes_alone_is_asked_at_once() -> None:
    answering = Answering()

    assert await Together(answering).ask(1) == 2
    assert answering.calls == [[1]]


async def test_what_comes_while_a_call_is_on_its_way_shares_the_next_one() -> None:
    answering = Answering()
    together = Together(answering)

    found = await asyncio.gather(*map(together.ask, range(5)))

    assert found == [0, 2, 4, 6, 8]
    assert answering.calls == [[0], [1, 2, 3, 4]]


async def test_no_answer_is_older_than_its_question() -> None:
    answering = Answering()
    together = Together(answering)
    answering.may.clear()
    first = asyncio.ensure_future(together.ask(7))
    await asyncio.sleep(0)

    second = asyncio.ensure_future(together.ask(7))
    answering.may.set()
    await asyncio.gather(first, second)

    assert answering.calls == [[7], [7]]


@pytest.mark.parametrize("bad", range(4))
async def test_a_question_that_has_a_bug_fails_alone(bad: int) -> None:
    together = Together(Answering(bad))

    found = await asyncio.gather(*map(together.ask, range(4)), return_exceptions=True)

    assert [type(each) for each in found] == [ZeroDivisionError if each == bad else int for each in range(4)]


async def test_an_outage_fails_all_that_asked_meanwhile_and_none_later() -> None:
    answering = Answering(0, 1, 2, error=TransientError)
    together = Together(answering)

    found = await asyncio.gather(*map(together.ask, range(3)), return_exceptions=True)
    answering.bad.clear()

    assert [type(each) for each in found] == [TransientError] * 3
    assert await together.ask(1) == 2


async def test_whoever_is_cancelled_leaves_the_others_their_answers() -> None:
    answering = Answering()
    together = Together(answering)
    answering.may.clear()
    asking = [asyncio.ensure_future(together.ask(number)) for number in range(4)]
    await asyncio.sleep(0)

    asking[0].cancel()
    asking[2].cancel()
    await asyncio.sleep(0)
    answering.may.set()

    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError, int, asyncio.CancelledError, int]
