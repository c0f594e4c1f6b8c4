"""The one place that decides what an unexpected exception costs: one record, or one ticket's turn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

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


def describe(error: BaseException) -> str:
    """Return class and place of *error*; its message is left out, for it may quote what a reporter wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
