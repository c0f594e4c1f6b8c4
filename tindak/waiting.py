"""How a command waits: it shows its progress on stderr and gives up on a server that stays silent."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TextIO

from shared.output import terminal_text
from tindak.console import Failure

SHOWN_AFTER_SECONDS = 1.0
LINE_EVERY_SECONDS = 5.0

Advance = Callable[[int], None]


@asynccontextmanager
async def within(seconds: float, sentence: str) -> AsyncIterator[Callable[[], None]]:
    """Give the function to call at each sign of life, from which *seconds* are counted anew.

    Raises:
        Failure: There was none for so long; it says *sentence*.
    """
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(seconds) as limit:
            yield lambda: limit.reschedule(clock() + seconds)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Failure(sentence) from error


@contextmanager
def progress(
    what: str, total: int | None = None, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Advance]:
    """Give the function to call with how many more are done; nothing is shown of what is done in a second.

    On a terminal it is a bar, which goes away in the end; elsewhere a line every five seconds.

    Args:
        what: What is being done, like ``Reading records``.
        total: How many there are; None: not known.
        out: Where it is shown; None: stderr.
        clock: Seconds.
    """
    out = out or sys.stderr
    with _bar(what, total, out) if out.isatty() else _lines(what, total, out, clock) as advance:
        yield advance


@contextmanager
def _lines(what: str, total: int | None, out: TextIO, clock: Callable[[], float]) -> Iterator[Advance]:
    done, said_at = 0, clock()

    def advance(count: int) -> None:
        nonlocal done, said_at
        done += count
        if clock() - said_at >= LINE_EVERY_SECONDS:
            said_at = clock()
            out.write(terminal_text(f"{what}: {done}{'' if total is None else f' of {total}'} ...\n"))
            out.flush()

    yield advance


@contextmanager
def _bar(what: str, total: int | None, out: TextIO) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), *([] if total is None else [BarColumn()]))
    count = TextColumn("{task.completed:.0f}" if total is None else "{task.completed:.0f} of {task.total:.0f}")
    bar = Progress(*columns, count, TimeElapsedColumn(), console=Console(file=out), transient=True)
    task = bar.add_task(what, total=total)
    later = threading.Timer(SHOWN_AFTER_SECONDS, bar.start)
    later.daemon = True
    later.start()
    try:
        yield lambda count: bar.advance(task, count)
    finally:
        later.cancel()
        later.join()  # so that it does not start after the stop
        bar.stop()
