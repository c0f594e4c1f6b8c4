"""Retry in place: an outage is waited out with growing pauses, and nothing is dropped. Bugs are not retried."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from shared.adapters.clock import Clock
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Vitals

T = TypeVar("T")
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0

log = structlog.get_logger()


async def retried(
    work: Callable[[], Awaitable[T]], clock: Clock, vitals: Vitals, jitter: random.Random, part: str
) -> T:
    """Return what *work* returns, repeating it for as long as broker or database are out of reach.

    Waits 0.1 s after the first failure, twice as long each time up to 5 s, each time half to all of it. Says so once
    for *part*, and once more when it is over.
    """
    wait_seconds = FIRST_WAIT_SECONDS
    while True:
        try:
            result = await work()
        except TransientError as error:
            if part not in vitals.troubles:
                log.warning("waiting for broker or database", part=part, because=str(error))
            vitals.troubles[part] = str(error)
            await clock.sleep(timedelta(seconds=wait_seconds * jitter.uniform(0.5, 1)))
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
        else:
            if vitals.troubles.pop(part, None) is not None:
                log.warning("broker and database are back", part=part)
            return result
