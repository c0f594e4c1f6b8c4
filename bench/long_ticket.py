"""What one more update costs a ticket that has had 20, and one that has had 1,900: CPU of all four services.

``python -m bench.long_ticket`` lets an agency and a reporter talk about one ticket in memory: in the usual way (notes,
replies, answers that are not final), and in the way that moves clocks most (hold, reply, resume, note). The broker's
and the database's time is not in it; documents are decoded and encoded as often as they are loaded and saved there.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable

import structlog

from shared.events import Command
from tests.component.city import City
from tests.component.long_ticket import CODECS, held, reported, sizes, talked, updated

EARLY, LATE, MEASURED = 20, 1_900, 100
FACTOR_MAX = {"talked": 5.0, "held": 12.0}


async def measured(said: Callable[[str, int], tuple[Command, ...]]) -> tuple[float, float, dict[str, int]]:
    """Return the CPU seconds of an update early and late in a ticket's life, and its documents' bytes at the end."""
    city = City()
    ticket = await reported(city)
    updates = (one for number in range(LATE) for one in said(ticket, number))
    await updated(city, ticket, [next(updates) for _ in range(EARLY)])
    early = await _timed(city, ticket, [next(updates) for _ in range(MEASURED)])
    await updated(city, ticket, [next(updates) for _ in range(LATE - EARLY - MEASURED)])
    late = await _timed(city, ticket, [next(updates) for _ in range(MEASURED)])
    return early, late, sizes(city, ticket)


async def _timed(city: City, ticket: str, updates: list[Command]) -> float:
    began = time.process_time()
    await updated(city, ticket, updates)
    for harness in city.harnesses:
        codec = CODECS[harness.handler.service]
        for _ in updates:
            codec.decode(codec.encode(harness.store.documents[ticket]))
    return (time.process_time() - began) / len(updates)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for said in (talked, held):
        early, late, bytes_ = asyncio.run(measured(said))
        name = said.__name__
        sys.stdout.write(
            f"{name}: {early * 1e6:,.0f} us after {EARLY} updates, {late * 1e6:,.0f} us after {LATE:,}: "
            f"{late / early:.1f} times (at most {FACTOR_MAX[name]:g}); documents {bytes_}\n"
        )


if __name__ == "__main__":
    main()
