"""What it costs to look for reports of the same matter: CPU time per complaint, with and without it.

``python -m bench.routing.clusters`` files 4,000 complaints of the training set in batches of 200 on the ports in
memory, five times each way, and prints the least of each. The broker's and the database's time is not in it.
"""

import asyncio
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from bench.training.training_set import rows
from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.ticket.state import State
from services.routing.handlers import RoutingHandler
from services.routing.neighbours import NoNeighbours
from services.routing.policy import load_routing
from shared.events import Arrival, ComplaintAccepted, Event, Location
from shared.ids import tracking_id
from tests.builders import accepted, event, ticket_id
from tests.fakes.handler_harness import NOON
from tests.fakes.neighbours import neighbour_of

ROOT = Path(__file__).parents[2]
VILLAGES = ("Ciputat", "Serua", "Rempoa", "Setu", "Muncul", "Buaran", "Jombang", "Serpong")
BATCH, ROUNDS = 200, 5


class Remembered(NoNeighbours):
    """Knows tickets at the cost of a look into a dictionary."""

    def __init__(self) -> None:
        self.by_id: dict[str, Neighbour] = {}

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        return [self.by_id[id_] for id_ in ids]


def complaints() -> list[Event]:
    """Return the training set as intake would accept it."""
    return [event(complaint(number, row["text"])) for number, row in enumerate(rows()[:4000])]


def complaint(number: int, text: str) -> ComplaintAccepted:
    ticket = ticket_id("web", str(number))
    place = Location(kelurahan=VILLAGES[number % len(VILLAGES)])
    return accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), title="", body=text, location=place)


async def file_all(accept: bool, events: Sequence[Event]) -> tuple[float, int]:
    """Return the CPU seconds that filing takes, without storing, and how many joined another."""
    policy = load_routing(ROOT / "policy")
    neighbours, joined = Remembered(), 0
    handler = RoutingHandler(replace(policy, clusters=replace(policy.clusters, accept=accept)), neighbours=neighbours)
    arrival = Arrival("complaints.accepted", 0, 0, NOON, NOON)
    spent = 0.0
    for first in range(0, len(events), BATCH):
        waiting: list[tuple[State | None, Event]] = [(None, each) for each in events[first : first + BATCH]]
        began = time.process_time()
        informed = await handler.prefetch(waiting)
        states = [informed.decide(None, each, arrival).state for _, each in waiting]
        spent += time.process_time() - began
        for state in states:
            ticket = state.ticket  # type: ignore[union-attr]
            joined += ticket.cluster is not None
            if ticket.findable:
                neighbours.by_id[ticket.id] = neighbour_of(state)  # type: ignore[arg-type]
    return spent, joined


def main() -> None:
    """Print the figures."""
    events = complaints()
    for accept in (False, True):
        runs = [asyncio.run(file_all(accept, events)) for _ in range(ROUNDS)]
        micros, joined = min(spent for spent, _ in runs) / len(events) * 1e6, runs[0][1]
        way = "with" if accept else "without"
        sys.stdout.write(f"{way}: {micros:.0f} microseconds each, {joined} joined another\n")


if __name__ == "__main__":
    main()
