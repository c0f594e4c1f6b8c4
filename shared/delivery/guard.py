"""The one place that decides what an unexpected exception costs: a record, a ticket's turn, a look-up, a message."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.delivery.ports import TransientError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bug:
    """A rule failed; ``error`` names class and place, and holds no data of the event."""

    error: str


def guarded(rule: Callable[[], T]) -> T | Bug:
    """Return what *rule* returns, or the bug that it has."""
    try:
        return rule()
    except Exception as error:  # noqa: BLE001  # a rule may fail in any way; delivery goes on without this event
        return Bug(_describe(error))


async def guarded_call(call: Callable[[], Awaitable[T]], *expected: type[Exception]) -> T | Bug:
    """Return what *call* returns, or the bug that it has.

    Raises:
        expected: Whatever of these *call* raises.
        asyncio.CancelledError: Somebody cancelled the caller. A library that lets out the cancellation of something of
            its own, while nobody wants this task to end, has a bug like any other.
    """
    try:
        return await call()
    except expected:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Bug(_describe(error))
    except Exception as error:  # noqa: BLE001  # as above; the caller goes on without what this call was for
        return Bug(_describe(error))


async def guarded_lookup(lookup: Callable[[], Awaitable[T]]) -> T | Bug:
    """Return what *lookup* finds, or the bug that it has; an outage is no bug: raise TransientError."""
    return await guarded_call(lookup, TransientError)


def _describe(error: BaseException) -> str:
    """Return class and place of *error*; its message is left out, for it may quote what a reporter wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
