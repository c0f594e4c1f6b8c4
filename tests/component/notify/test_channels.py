import asyncio

import pytest
from structlog.testing import capture_logs

from services.notify.channels import Message, SideBySide, in_turn
from services.notify.channels.log import LogChannel
from services.notify.domain.deliveries import Delivered
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, EMAIL

pytestmark = pytest.mark.component


class Tasks:
    """Three tasks that each wait until they may end, in an order that the test chooses."""

    def __init__(self) -> None:
        self.may_end = [asyncio.Event() for _ in range(3)]
        self.begun: list[int] = []

    async def run(self, number: int) -> int:
        self.begun.append(number)
        await self.may_end[number].wait()
        return number

    @property
    def all(self) -> list:  # type: ignore[type-arg]
        return [lambda number=number: self.run(number) for number in range(3)]


async def settled() -> None:
    """Return once every task has gone as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_in_turn_one_task_begins_when_the_one_before_has_ended() -> None:
    tasks = Tasks()
    running = asyncio.create_task(in_turn(tasks.all))

    await settled()
    assert tasks.begun == [0]

    for event in tasks.may_end:
        event.set()
    assert await running == [0, 1, 2]


async def test_side_by_side_no_more_run_than_may() -> None:
    tasks = Tasks()
    running = asyncio.create_task(SideBySide(2)(tasks.all))

    await settled()
    assert tasks.begun == [0, 1]
    tasks.may_end[1].set()
    await settled()
    assert tasks.begun == [0, 1, 2]

    for event in tasks.may_end:
        event.set()
    assert await running == [0, 1, 2]


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
