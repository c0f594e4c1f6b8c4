"""The port of a delivery channel, and how many messages are sent concurrently."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from services.notify.domain.outcomes import HandedOver
from shared.delivery.ports import TransientError
from shared.values import value

T = TypeVar("T")
BEGIN_WITHIN_SECONDS = 60
TOGETHER_SECONDS = 0.05
ROOM_SHARE = 0.25  # so much must be free before more is looked for: one look for each message would cost too much


@value
class Message:
    """A rendered notice on one channel; what may name a person is kept out of its repr.

    Args:
        id: Delivery id; the same at every attempt, so that a repeat can be recognised.
        address: Where to, as the channel understands it; None where it needs none.
        body: Plain text.
        html: The same words as a page, where the channel shows one.
        written_at: Aware, UTC.
        is_verified: Whether the address is known to be the recipient's own.
        stop_subject: What the recipient writes as the subject of an answer, to get no more messages; None for nothing.
        tracking_id: For machines that read it: of the ticket, or of the part that it tells of.
        reply_to: Where the recipient's answer goes, and nobody else's; None for nowhere in particular.
        due_at: The due time that the text tells, aware, UTC; None if it tells none.
        record: An event that a machine is sent as it is, in place of the text; None where the text is what is sent.
        is_vouched: Whether the report's own channel has made sure of that.
        unsubscribe_url: Where a mail program ends messages at one click; None for nowhere. Whoever has it can.
    """

    id: str
    ticket_id: str
    notice: str
    role: str
    channel: str
    language: str
    written_at: datetime
    address: str | None = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    is_verified: bool = True
    stop_subject: str | None = None
    html: str | None = field(default=None, repr=False)
    tracking_id: str | None = None
    due_at: datetime | None = None
    record: bytes | None = field(default=None, repr=False)
    reply_to: str | None = field(default=None, repr=False)
    is_vouched: bool = False
    unsubscribe_url: str | None = field(default=None, repr=False)


class Channel(Protocol):
    """One way on which messages leave; it gives up by itself within `send_within`."""

    @property
    def send_within(self) -> timedelta:
        """Return what one message may take at most, waiting for its turn included."""
        ...

    async def send(self, message: Message) -> HandedOver:
        """Return what the provider made of the message; errors are codes, and hold neither address nor its words."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


Task = Callable[[], Awaitable[T]]


@value
class Round(Generic[T]):
    """What a look for work found: how much was due, and a task for each ticket that has something to send."""

    due: int
    tasks: Sequence[Task[T]] = ()


Begin = Callable[[int], Awaitable[Round[T]]]
"""Returns the work for at most so many tickets."""
End = Callable[[Sequence[T]], Awaitable[None]]
"""Is given what tasks returned."""


class Spread(Protocol):
    """How tasks are worked through."""

    async def __call__(self, begin: Begin[T], end: End[T], tasks_max: int) -> int:
        """Return how much was due, once all that *begin* gave was worked through and given to *end*."""
        ...


async def in_turn(begin: Begin[T], end: End[T], tasks_max: int) -> int:
    """Work through one round, one task after the other."""
    round_ = await begin(tasks_max)
    if ended := [await task() for task in round_.tasks]:
        await end(ended)
    return round_.due


class SideBySide:
    """Works through tasks at the same time; what has ended is let go of and replaced while slow ones are on their way.

    Args:
        at_once_max: Tasks at the same time.
        look_every_seconds: How long it takes to look again for more work, once there was none.
        begin_within_seconds: After this long nothing more is begun, so that a round has an end.
    """

    def __init__(
        self, at_once_max: int, look_every_seconds: float = 1, begin_within_seconds: float = BEGIN_WITHIN_SECONDS
    ) -> None:
        self.at_once_max = at_once_max
        self.look_every_seconds = look_every_seconds
        self.begin_within_seconds = begin_within_seconds

    async def __call__(self, begin: Begin[T], end: End[T], tasks_max: int) -> int:
        """Return how much was due.

        Raises:
            TransientError: That *begin* raised; all that was on its way had ended by then.
        """
        due, running, is_more = 0, set[asyncio.Task[T]](), True
        began, failed = time.monotonic(), None
        look_at = began
        try:
            while True:
                now = time.monotonic()
                free = self.at_once_max - len(running)
                room = min(free, tasks_max)
                may_begin = failed is None and now - began < self.begin_within_seconds
                if may_begin and (is_more or now >= look_at) and free >= self.at_once_max * ROOM_SHARE:
                    try:
                        round_ = await begin(room)
                    except TransientError as error:
                        failed, round_ = error, Round(0)
                    due += round_.due
                    is_more, look_at = round_.due >= room, now + self.look_every_seconds
                    running |= {asyncio.ensure_future(task()) for task in round_.tasks}
                if not running:
                    break
                await asyncio.wait(running, timeout=self.look_every_seconds, return_when=asyncio.FIRST_COMPLETED)
                # What ends shortly after is saved together with it.
                ended, running = await asyncio.wait(running, timeout=TOGETHER_SECONDS)
                if ended:
                    await end([task.result() for task in ended])
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)
        if failed is not None:
            raise failed
        return due
