"""How a command waits: progress on stderr, and an end to silence."""

import asyncio
import io
import time
from collections.abc import Callable

import pytest

from tindak.console import Failure, read_settings
from tindak.waiting import LINE_EVERY_SECONDS, SHOWN_AFTER_SECONDS, progress, within

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def clock(*seconds: float) -> Callable[[], float]:
    return iter(seconds).__next__


def test_quick_work_shows_no_line() -> None:
    out = io.StringIO()

    with progress("Reading", out=out, clock=clock(0, LINE_EVERY_SECONDS - 0.1)) as advance:
        advance(7)

    assert out.getvalue() == ""


def test_long_work_shows_a_line_every_five_seconds() -> None:
    out, step = io.StringIO(), LINE_EVERY_SECONDS

    with progress("Reading", 30, out, clock(0, 1, step, step, step + 1, 2 * step, 2 * step)) as advance:
        for _ in range(4):
            advance(5)

    assert out.getvalue() == "Reading: 10 of 30 ...\nReading: 20 of 30 ...\n"


def test_quick_work_shows_no_bar_on_a_terminal() -> None:
    out = Terminal()

    with progress("Reading", 3, out) as advance:
        advance(3)

    assert "Reading" not in out.getvalue()


def test_long_work_shows_a_bar_on_a_terminal() -> None:
    out = Terminal()
    give_up_at = time.monotonic() + 20 * SHOWN_AFTER_SECONDS

    with progress("Reading", 3, out) as advance:
        advance(1)
        while "Reading" not in out.getvalue() and time.monotonic() < give_up_at:
            pass

    assert "Reading" in out.getvalue()


async def test_silence_ends_with_the_sentence() -> None:
    with pytest.raises(Failure, match="nobody answers"):
        async with within(0.01, "nobody answers"):
            await asyncio.Event().wait()


async def test_each_sign_of_life_begins_the_time_anew() -> None:
    clock, seconds = asyncio.get_running_loop().time, 0.2

    async with within(seconds, "nobody answers") as alive:
        end = clock() + 2 * seconds
        while clock() < end:
            await asyncio.sleep(0)
            alive()

    assert clock() >= end


async def test_timeout_of_somebody_else_is_left_alone() -> None:
    with pytest.raises(TimeoutError):
        async with within(60, "nobody answers"):
            raise TimeoutError


def test_timeout_bounds_broker_and_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_PROFILE", "local")

    settings = read_settings(3)

    # The driver gives up a call to a database that it has found after twice its time.
    assert (settings.kafka.request_timeout_ms, settings.mongo.timeout_ms) == (3000, 1500)
