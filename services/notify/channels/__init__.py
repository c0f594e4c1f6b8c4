"""The port of a delivery channel, and how many messages are sent concurrently."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from services.notify.domain.deliveries import HandedOver
from shared.values import value

T = TypeVar("T")


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


class Spread(Protocol):
    """How tasks are worked through."""

    async def __call__(self, tasks: Sequence[Task[T]]) -> list[T]:
        """Return what *tasks* return, in their order."""
        ...


async def in_turn(tasks: Sequence[Task[T]]) -> list[T]:
    """Return what *tasks* return, one after the other."""
    return [await task() for task in tasks]


class SideBySide:
    """Like `in_turn`, but at most *tasks_max* at the same time."""

    def __init__(self, tasks_max: int) -> None:
        self.tasks_max = tasks_max

    async def __call__(self, tasks: Sequence[Task[T]]) -> list[T]:
        """Return what *tasks* return, in their order."""
        free = asyncio.Semaphore(self.tasks_max)

        async def when_free(task: Task[T]) -> T:
            async with free:
                return await task()

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(when_free(task)) for task in tasks]
        return [task.result() for task in running]
