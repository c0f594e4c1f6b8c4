import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notify.app import Outlets
from services.notify.channels import Channel, Message, Round, SideBySide, in_turn
from services.notify.channels.log import LogChannel
from services.notify.channels.ways import Ways
from services.notify.domain.deliveries import Sending
from services.notify.domain.outcomes import Delivered, Untried
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy.gateways import BreakerEntry
from services.notify.sending.handing_over import HandOver
from services.notify.settings import Settings
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Vitals
from shared.policy.agencies import AgencyDirectory, AgencyWebhook
from shared.process.settings import Profile
from shared.sealing_keys import PRIVATE_KEYS
from tests.builders import TICKET
from tests.component.notify.harness import RecordingChannel
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.sealing import OPENER
from tests.unit.notify.samples import DELIVERY, EMAIL, POLICY, delivery

pytestmark = pytest.mark.component


MESSAGE = Message(
    id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="email", language="id",
    written_at=NOON, address=EMAIL, subject="", body="",
)  # fmt: skip


class ClosingChannel(RecordingChannel):
    """A channel that remembers whether it is closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


class Work:
    """Tasks that each wait until they may end, in an order that the test chooses; ``ended`` are those let go of."""

    def __init__(self, count: int) -> None:
        self.may_end = [asyncio.Event() for _ in range(count)]
        self.left = list(range(count))
        self.asked_for: list[int] = []
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.fails: Exception | None = None

    async def run(self, number: int) -> int:
        self.begun.append(number)
        await self.may_end[number].wait()
        return number

    async def begin(self, tasks_max: int) -> Round[int]:
        self.asked_for.append(tasks_max)
        if self.fails and self.begun:
            raise self.fails
        given, self.left = self.left[:tasks_max], self.left[tasks_max:]
        return Round(len(given), [partial(self.run, number) for number in given])

    async def end(self, ended: Sequence[int]) -> None:
        self.ended += ended

    def let_end(self, *numbers: int) -> None:
        for number in numbers:
            self.may_end[number].set()


async def until(condition: Callable[[], bool]) -> None:
    """Return once *condition* holds, within five seconds."""
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


async def test_in_turn_one_task_begins_when_the_one_before_has_ended() -> None:
    work = Work(3)
    running = asyncio.create_task(in_turn(work.begin, work.end, 3))

    await until(lambda: work.begun == [0])
    work.let_end(0)
    await until(lambda: work.begun == [0, 1])
    work.let_end(1, 2)

    assert await running == 3
    assert (work.ended, work.asked_for) == ([0, 1, 2], [3])


async def test_side_by_side_no_more_run_than_may() -> None:
    work = Work(3)
    running = asyncio.create_task(SideBySide(2)(work.begin, work.end, 100))

    await until(lambda: work.begun == [0, 1])
    work.let_end(1)
    await until(lambda: work.begun == [0, 1, 2])
    work.let_end(0, 2)

    assert await running == 3
    assert sorted(work.ended) == [0, 1, 2]


async def test_what_has_ended_is_let_go_of_while_a_slow_one_is_on_its_way() -> None:
    work = Work(9)
    running = asyncio.create_task(SideBySide(2)(work.begin, work.end, 100))

    work.let_end(*range(1, 9))
    await until(lambda: sorted(work.ended) == list(range(1, 9)))
    assert not running.done()

    work.let_end(0)
    assert await running == 9


async def test_new_work_is_looked_for_while_a_slow_one_is_on_its_way() -> None:
    work = Work(1)
    running = asyncio.create_task(SideBySide(4, look_every_seconds=0.01)(work.begin, work.end, 100))
    await until(lambda: len(work.asked_for) > 2)

    work.may_end.append(asyncio.Event())
    work.left.append(1)
    work.let_end(1)
    await until(lambda: work.ended == [1])

    work.let_end(0)
    assert await running == 2


async def test_a_round_ends_though_there_is_always_more() -> None:
    work = Work(10)
    work.let_end(*range(10))

    due = await SideBySide(2, begin_within_seconds=0)(work.begin, work.end, 100)

    assert (due, work.begun) == (0, [])


async def test_after_an_outage_nothing_is_begun_and_what_was_on_its_way_is_let_go_of() -> None:
    work = Work(9)
    work.fails = TransientError("down")
    running = asyncio.create_task(SideBySide(4)(work.begin, work.end, 2))
    await until(lambda: work.begun == [0, 1])

    work.let_end(1)
    await until(lambda: work.ended == [1])
    work.let_end(0)

    with pytest.raises(TransientError):
        await running
    assert (work.begun, work.ended) == ([0, 1], [1, 0])


async def test_few_at_a_time_are_begun_though_many_may_run() -> None:
    work = Work(5)
    work.let_end(*range(5))

    due = await SideBySide(100)(work.begin, work.end, 2)

    assert (due, sorted(work.ended), set(work.asked_for)) == (5, [0, 1, 2, 3, 4], {2})


async def test_whoever_ends_the_round_ends_its_tasks() -> None:
    work = Work(2)
    running = asyncio.create_task(SideBySide(2)(work.begin, work.end, 100))
    await until(lambda: work.begun == [0, 1])

    running.cancel()
    await asyncio.wait({running})

    assert len(asyncio.all_tasks()) == 1


async def test_the_log_channel_shows_what_was_told_and_neither_words_nor_recipient() -> None:
    message = Message(
        id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="log", language="id",
        written_at=NOON, address=EMAIL, subject="Laporan diterima", body="Halo,\n",
    )  # fmt: skip
    channel = LogChannel()

    with capture_logs() as lines:
        handed = await channel.send(message)
    await channel.close()

    assert handed == Delivered("log")
    assert lines == [
        {
            "event": "notice", "log_level": "info", "ticket_id": TICKET, "delivery_id": DELIVERY,
            "notice": "accepted", "role": "reporter", "language": "id",
        }
    ]  # fmt: skip


class Renewing:
    """What notify sends by, under a policy that a test changes."""

    def __init__(self, profile: Profile = "cluster") -> None:
        own = Settings.model_validate({PRIVATE_KEYS: "unused", "smtp_host": "127.0.0.1"})
        self.outlets = Outlets(profile, own, MemoryClock(NOON), Vitals(), MessageRenderer(POLICY, OPENER))

    def use(self, *, webhook: bool = False, **gateways: Any) -> dict[str, Channel]:
        """Use the shipped policy, in which Dishub has a *webhook* or not; return the channels, without their counts."""
        given = {"url": "https://dishub.example/", "secret_env": "TINDAK_WEBHOOK_DISHUB"}
        agency = POLICY.directory.agencies[0].model_copy(
            update={"code": "dishub", "webhook": AgencyWebhook.model_validate(given) if webhook else None}
        )
        file = POLICY.gateways.model_copy(update=gateways)
        self.outlets.use_policy(dataclasses.replace(POLICY, directory=AgencyDirectory((agency,)), gateways=file))
        return {name: way.channel for name, way in self.outlets.ways.used.items()}


def test_agencies_servers_are_a_way_from_when_an_agency_has_one_until_none_has() -> None:
    renewing = Renewing()

    assert renewing.use().keys() == {"email"}
    assert renewing.use(webhook=True).keys() == {"email", "webhook"}
    assert renewing.outlets.webhooks.remark() == "no secret for the webhook of dishub"
    assert renewing.use().keys() == {"email"}
    assert renewing.outlets.webhooks.remark() == ""


def test_gateways_are_set_up_anew_only_if_something_of_them_has_changed() -> None:
    renewing = Renewing()
    first = renewing.use()

    assert renewing.use(webhook=True)["email"] is first["email"]
    assert renewing.use(breaker=BreakerEntry(failures_max=9))["email"] is not first["email"]


@pytest.mark.parametrize("profile", ["local", "cluster"])
def test_what_has_a_gateway_now_leaves_the_house(profile: Profile) -> None:
    renewing = Renewing(profile)
    to_agency = delivery(role="liaison", agency="dishub", channels=("webhook", "log"))

    held = []
    for webhook in (False, True, False):
        renewing.use(webhook=webhook)
        held.append(renewing.outlets.house is not None and renewing.outlets.house.holds(to_agency))

    assert held == ([True, False, True] if profile == "local" else [False] * 3)


async def test_a_channel_that_was_replaced_is_closed_once_its_last_message_has_ended() -> None:
    ways, may_end = Ways(), asyncio.Event()

    async def slow(_: Message) -> None:
        await may_end.wait()

    old, new = ClosingChannel(meanwhile=slow), ClosingChannel()
    ways.use({"email": old})
    on_its_way = asyncio.create_task(ways["email"].send(MESSAGE))
    await asyncio.sleep(0)
    ways.use({"email": new})
    await ways.close_replaced()
    meanwhile = await ways["email"].send(MESSAGE), old.closed
    may_end.set()
    ended = await on_its_way
    await ways.close_replaced()

    assert [type(each) for each in (meanwhile[0], ended)] == [Delivered, Delivered]
    assert (meanwhile[1], old.closed, new.closed) == (False, True, False)
    assert (len(old.given), len(new.given)) == (1, 1)


async def test_a_message_for_a_channel_that_has_just_gone_is_written_anew() -> None:
    handing = HandOver({}, MemoryClock(NOON), Vitals())

    assert not handing.may_begin(MESSAGE, Sending(NOON + timedelta(hours=1), 1))
    assert await handing.send(MESSAGE) == Untried()
