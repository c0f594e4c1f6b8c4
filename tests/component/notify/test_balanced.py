"""How several gateways of one channel share its messages."""

from datetime import timedelta

import pytest

from services.notify.channels import Message
from services.notify.channels.balanced import BalancedChannel
from services.notify.channels.setup import SetUp
from services.notify.domain.outcomes import Deferred, HandedOver, Refused, Setback
from services.notify.domain.sending.shares import ShareRule
from tests.builders import TICKET
from tests.component.notify.harness import SEND_WITHIN, Fault, RecordingChannel, puts_off, refuses
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.component

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MESSAGE = Message(
    id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="sms", language="id", written_at=NOON,
    address="0812", subject="", body="",
)  # fmt: skip
AWAY = puts_off("http_unreachable", Setback.UNTAKEN)
LEFT_ALONE = puts_off("breaker_open", Setback.UNASKED)
DOWN = puts_off("http_500", Setback.GATEWAY)


class Pair:
    """Two gateways; the draw falls on the first unless told otherwise."""

    def __init__(self, first: tuple[Fault | None, ...] = (), second: tuple[Fault | None, ...] = ()) -> None:
        self.clock = MemoryClock(NOON)
        self.first, self.second = RecordingChannel(*first), RecordingChannel(*second)
        self.draw = 0.0
        gateways = {"a": self.first, "b": self.second}
        self.channel = BalancedChannel(gateways, {"a": 70, "b": 30}, ShareRule(), self.clock, lambda: self.draw)

    async def send(self) -> HandedOver:
        return await self.channel.send(MESSAGE)

    @property
    def given(self) -> tuple[int, int]:
        return len(self.first.given), len(self.second.given)


@pytest.mark.parametrize(("draw", "given"), [(0.0, (1, 0)), (0.699, (1, 0)), (0.7, (0, 1)), (0.999, (0, 1))])
async def test_a_message_goes_to_one_gateway_by_its_share(draw: float, given: tuple[int, int]) -> None:
    pair = Pair()
    pair.draw = draw

    await pair.send()

    assert pair.given == given


@pytest.mark.parametrize("fault", [AWAY, LEFT_ALONE])
async def test_what_the_first_has_surely_not_taken_goes_to_the_other_at_once(fault: Fault) -> None:
    pair = Pair((fault,))

    handed = await pair.send()

    assert pair.given == (1, 1)
    assert not isinstance(handed, Deferred | Refused)


@pytest.mark.parametrize("fault", [DOWN, puts_off("http_400"), refuses("http_400 21211"), None])
async def test_what_the_first_may_have_taken_or_refuses_goes_to_no_other(fault: Fault | None) -> None:
    pair = Pair((fault,))

    await pair.send()

    assert pair.given == (1, 0)


async def test_of_two_that_do_not_take_it_the_one_that_was_asked_says_why() -> None:
    pair = Pair((AWAY,), (LEFT_ALONE,))

    assert await pair.send() == Deferred("sms", "http_unreachable", Setback.UNTAKEN)


@pytest.mark.parametrize("waits", [(30, 600), (600, 30)])
async def test_of_two_that_are_left_alone_the_one_that_can_be_asked_first_says_how_long(waits: tuple[int, int]) -> None:
    alone = [lambda name, each=each: Deferred(name, "breaker_open", Setback.UNASKED, each * SECOND) for each in waits]
    pair = Pair((alone[0],), (alone[1],))

    assert await pair.send() == Deferred("sms", "breaker_open", Setback.UNASKED, 30 * SECOND)


async def test_the_other_is_asked_only_while_there_is_time() -> None:
    pair = Pair((AWAY,))

    async def slow(_: Message) -> None:
        pair.clock.at += SEND_WITHIN + timedelta(milliseconds=1)

    pair.first.meanwhile = slow

    assert await pair.send() == Deferred("sms", "http_unreachable", Setback.UNTAKEN)
    assert pair.channel.send_within == 2 * SEND_WITHIN
    assert pair.given == (1, 0)


async def test_a_gateway_that_fails_loses_its_messages_in_steps_and_gets_them_back() -> None:
    pair = Pair((DOWN,) * 20)

    points = []
    for _ in range(8):
        await pair.send()
        await pair.send()
        points.append(pair.channel.shares.points["a"])
        pair.clock.at += MINUTE
    assert points == [60, 50, 40, 30, 20, 10, 0, 0]

    pair.first.faults = []
    pair.clock.at += 30 * MINUTE
    await pair.send()
    assert pair.channel.shares.points == {"a": 30, "b": 70}


async def test_being_left_alone_costs_no_share() -> None:
    pair = Pair((LEFT_ALONE,))

    await pair.send()

    assert pair.channel.shares.points == {"a": 70, "b": 30}


def arrive(pair: Pair, code: str, took: timedelta, messages: int = 20) -> None:
    for _ in range(messages):
        SetUp({"email": RecordingChannel(), "sms": pair.channel}, "").note_arrival(code, took)


def test_a_gateway_whose_receipts_come_late_loses_a_step_every_ten_minutes_while_that_lasts() -> None:
    pair = Pair()

    arrive(pair, "a", 6 * MINUTE)
    arrive(pair, "a", 6 * MINUTE)
    assert pair.channel.shares.points == {"a": 60, "b": 40}

    pair.clock.at += 10 * MINUTE
    arrive(pair, "a", 6 * MINUTE, 1)
    assert pair.channel.shares.points == {"a": 50, "b": 50}

    pair.clock.at += 20 * MINUTE
    arrive(pair, "a", MINUTE)
    assert pair.channel.shares.points == {"a": 50, "b": 50}


def test_where_all_gateways_are_slow_no_share_moves() -> None:
    pair = Pair()

    arrive(pair, "b", 6 * MINUTE, 19)
    arrive(pair, "a", 6 * MINUTE, 19)
    arrive(pair, "b", 6 * MINUTE, 1)
    before = pair.channel.shares.points
    arrive(pair, "a", 6 * MINUTE, 5)

    assert before == {"a": 80, "b": 20}
    assert pair.channel.shares.points == before


async def test_the_shares_of_a_gateway_that_is_fast_again_drift_back() -> None:
    pair = Pair()
    arrive(pair, "a", 6 * MINUTE)

    pair.clock.at += 10 * MINUTE
    await pair.send()

    assert pair.channel.shares.points == {"a": 70, "b": 30}


def test_receipts_of_a_gateway_that_is_not_used_any_more_move_nothing() -> None:
    pair = Pair()

    arrive(pair, "c", 6 * MINUTE)

    assert pair.channel.shares.points == {"a": 70, "b": 30}
