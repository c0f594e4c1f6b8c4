"""What a gateway that is slow, busy or dead costs those who want to use it, and nobody else."""

import asyncio
from datetime import timedelta

import pytest

from services.notify.channels import Message
from services.notify.channels.isolated import IsolatedChannel, Limits
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Setback
from services.notify.domain.sending.breakers import BreakerRule
from shared.delivery.vitals import Vitals
from tests.builders import TICKET
from tests.component.notify.harness import Fault, RecordingChannel, puts_off, refuses
from tests.fakes.counters import counted
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.component

SECOND = timedelta(seconds=1)
RULE = BreakerRule(failures_max=3, open_for=30 * SECOND, longest_for=600 * SECOND)
LIMITS = Limits(at_once_max=2, queue_within=5 * SECOND)
MESSAGE = Message(
    id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="sms", language="id", written_at=NOON,
    address="0812", subject="", body="",
)  # fmt: skip
DOWN = puts_off("http_500", Setback.GATEWAY)
AWAY = puts_off("http_unreachable", Setback.UNTAKEN)
TAKEN = Delivered("sms", f"<{DELIVERY}@tangsel.example>")


def not_asked(error: str, wait_for: timedelta) -> Deferred:
    return Deferred("sms", error, Setback.UNASKED, wait_for)


class Gateway:
    """A gateway on its own, with a clock that stands still."""

    def __init__(self, *faults: Fault | None, limits: Limits = LIMITS, name: str = "tried") -> None:
        self.clock, self.vitals = MemoryClock(NOON), Vitals()
        self.inner = RecordingChannel(*faults)
        self.channel = IsolatedChannel(name, self.inner, limits, RULE, self.clock, self.vitals)

    async def send(self, times: int = 1) -> list[HandedOver]:
        return [await self.channel.send(MESSAGE) for _ in range(times)]


@pytest.mark.parametrize("fault", [DOWN, AWAY])
async def test_after_failures_in_a_row_a_gateway_is_left_alone(fault: Fault) -> None:
    gateway = Gateway(*[fault] * 3)

    handed = await gateway.send(5)

    assert handed[3:] == [not_asked("breaker_open", 30 * SECOND)] * 2
    assert len(gateway.inner.given) == 3


@pytest.mark.parametrize("fault", [puts_off("smtp_451"), refuses("http_400 21211"), None])
async def test_what_is_wrong_with_a_message_says_nothing_against_its_gateway(fault: Fault | None) -> None:
    gateway = Gateway(DOWN, DOWN, fault, DOWN, DOWN)

    await gateway.send(6)

    assert len(gateway.inner.given) == 6


async def test_one_message_finds_out_whether_it_is_back_and_the_others_wait() -> None:
    gateway = Gateway(*[DOWN] * 3)
    await gateway.send(3)
    gateway.clock.at += 30 * SECOND
    may_end = asyncio.Event()

    async def slow(_: Message) -> None:
        await may_end.wait()

    gateway.inner.meanwhile = slow
    probe = asyncio.create_task(gateway.channel.send(MESSAGE))
    await asyncio.sleep(0)
    meanwhile = await gateway.channel.send(MESSAGE)
    may_end.set()

    assert (meanwhile, await probe) == (not_asked("breaker_open", 30 * SECOND), TAKEN)
    assert await gateway.send(2) == [TAKEN] * 2


async def test_a_probe_that_fails_leaves_it_alone_for_twice_as_long() -> None:
    gateway = Gateway(*[DOWN] * 4)
    await gateway.send(3)
    gateway.clock.at += 30 * SECOND

    handed = await gateway.send(2)

    assert handed[1] == not_asked("breaker_open", 60 * SECOND)


async def test_no_more_messages_are_on_their_way_than_may_be() -> None:
    gateway, at_once = Gateway(), []

    async def noted(_: Message) -> None:
        at_once.append(2 - gateway.channel.free._value)
        await asyncio.sleep(0.001)

    gateway.inner.meanwhile = noted

    handed = await asyncio.gather(*(gateway.channel.send(MESSAGE) for _ in range(9)))

    assert handed == [TAKEN] * 9
    assert max(at_once) == 2


async def test_a_message_that_does_not_get_its_turn_in_time_is_put_off_untried() -> None:
    gateway = Gateway(limits=Limits(1, timedelta(milliseconds=20)))
    never = asyncio.Event()

    async def hangs(_: Message) -> None:
        await never.wait()

    gateway.inner.meanwhile = hangs
    first = asyncio.create_task(gateway.channel.send(MESSAGE))
    await asyncio.sleep(0)

    assert await gateway.channel.send(MESSAGE) == not_asked("gateway_busy", timedelta())

    never.set()
    assert await first == TAKEN


async def test_a_queue_that_would_take_too_long_is_not_joined() -> None:
    gateway = Gateway(limits=Limits(1, 2 * SECOND, messages_per_second=2))
    gateway.channel.waiting = 5

    assert await gateway.send() == [not_asked("gateway_busy", 2.5 * SECOND)]


async def test_messages_go_out_no_faster_than_the_gateway_wants() -> None:
    gateway = Gateway(limits=Limits(50, 5 * SECOND, messages_per_second=50))
    began = asyncio.get_running_loop().time()

    await asyncio.gather(*(gateway.channel.send(MESSAGE) for _ in range(25)))

    # Five at once, and twenty at fifty a second.
    assert asyncio.get_running_loop().time() - began >= 0.38


async def test_when_stopping_nobody_s_turn_comes() -> None:
    gateway = Gateway()
    gateway.vitals.stopping = True

    assert await gateway.send() == [not_asked("stopping", timedelta())]
    assert gateway.inner.given == []


async def test_a_bug_of_ours_frees_the_place_and_says_nothing_against_the_gateway() -> None:
    gateway = Gateway(*[KeyError()] * 5, limits=Limits(1, SECOND))

    for _ in range(5):
        with pytest.raises(KeyError):
            await gateway.send()

    assert await gateway.send() == [TAKEN]


async def test_what_becomes_of_messages_and_of_the_gateway_is_measured() -> None:
    gateway = Gateway(None, refuses("http_400"), *[DOWN] * 3, name="measured")

    await gateway.send(7)

    outcomes = ("delivered", "refused", "deferred", "unasked")
    name = "tindak_gateway_messages_total"
    assert [counted(name, gateway="measured", outcome=outcome) for outcome in outcomes] == [1, 1, 3, 2]
    assert counted("tindak_gateway_breaker", gateway="measured") == 2
