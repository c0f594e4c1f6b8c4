"""The clock as a port: everywhere else time is an argument."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the runner and the time loops know of time."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        ...

    async def sleep(self, sleep_for: timedelta) -> None:
        """Return after *sleep_for* has passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC, cut to milliseconds as MongoDB keeps them."""
        at = datetime.now(UTC)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    async def sleep(self, sleep_for: timedelta) -> None:
        """Return after *sleep_for* has passed."""
        await asyncio.sleep(sleep_for.total_seconds())
