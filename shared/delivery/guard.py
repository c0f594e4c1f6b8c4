"""The one place that decides what an unexpected exception costs: one record, one ticket's turn, or one look-up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.delivery.ports import PermanentError, TransientError

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
        return Bug(describe(error))


async def guarded_lookup(lookup: Callable[[], Awaitable[T]]) -> T | Bug:
    """Return what *lookup* finds, or the bug that it has; an outage is no bug: raise TransientError."""
    try:
        return await lookup()
    except TransientError:
        raise
    except Exception as error:  # noqa: BLE001  # as above; the rules decide without what could not be found
        return Bug(describe(error))


def describe(error: BaseException) -> str:
    """Return class and place of *error*; its message is left out, for it may quote what a reporter wrote.

    What we call permanent ourselves says what is wrong in words of our own, and these are returned.
    """
    if isinstance(error, PermanentError):
        return f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
