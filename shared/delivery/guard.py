"""What a bug of ours costs: one record, one ticket's turn, one look-up, one message; and when the consumer stops."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec, TypeVar

from shared.delivery.ports import PermanentError, TransientError
from shared.values import value

P = ParamSpec("P")
T = TypeVar("T")
WINDOW_RECORDS = 200
SHARE_MAX = 0.5


@value
class Bug:
    """A rule failed; ``error`` names class and place, and holds no data of the event."""

    error: str


def guarded(rule: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | Bug:
    """Return what *rule* returns of what is *given*, or the bug that it has."""
    try:
        return rule(*given, **named)
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


class TooManyBugs(PermanentError):
    """So many of the last records met a bug in our rules that the release must be bad: the consumer stops."""

    def __init__(self, bugs: int, window_records: int, last: str) -> None:
        super().__init__(f"{bugs} of the last {window_records} records met a bug of ours, the last: {last}")


class BugShare:
    """Which of the last *window_records* records that reached a rule met a bug there.

    What is no event never reaches a rule, so nothing that outsiders write counts, however much of it there is.

    Args:
        window_records: How many records are looked back on.
        share_max: Of these, how many may have met a bug; more stop the consumer.
    """

    def __init__(self, window_records: int = WINDOW_RECORDS, share_max: float = SHARE_MAX) -> None:
        self.bugs_max = window_records * share_max
        self.recent: deque[bool] = deque(maxlen=window_records)

    def after(self, errors: Sequence[str | None]) -> deque[bool]:
        """Return the window after further records; each is the error that it met, or None.

        Raises:
            TooManyBugs: The share has been exceeded on the way.
        """
        recent, window_records = self.recent.copy(), self.recent.maxlen or 0
        if errors.count(None) == len(errors):
            recent.extend([False] * len(errors))
            return recent
        bugs = sum(recent)
        for error in errors:
            bugs += (error is not None) - (recent[0] if len(recent) == window_records else 0)
            recent.append(error is not None)
            if error is not None and bugs > self.bugs_max:
                raise TooManyBugs(bugs, window_records, error)
        return recent


def _describe(error: BaseException) -> str:
    """Return class and place of *error*; its message is left out, for it may quote what a reporter wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
