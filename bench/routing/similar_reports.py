"""What it costs to find the open reports that are similar to a new one: CPU time a report, at most 500 microseconds.

``python -m bench.routing.similar_reports`` lets as many reports of the training set be open in one kelurahan as are
compared. It looks for what is similar to 300 more, each in a batch of its own, after which it is open, too, and the
oldest one is not; five times, and prints the mean of the best run. Decoding the database's answer, which comes with
every batch here, is in it, the driver's and the database's time is not.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Collection, Mapping

from bson import decode, encode

from bench.training.training_set import rows
from services.routing.domain.duplicates.similar_reports import REPORTS_MAX, OpenReport
from services.routing.duplicate_search import SimilarReports
from services.routing.neighbours import Listing, NoNeighbours, open_report
from shared.events import ComplaintAccepted, Location
from shared.ids import tracking_id
from tests.builders import accepted, ticket_id

OPEN, NEW, ROUNDS, CEILING = REPORTS_MAX, 300, 5, 500


class Open(NoNeighbours):
    """The newest reports, listed as the database's answer is: one document that must be decoded."""

    def __init__(self, complaints: list[ComplaintAccepted]) -> None:
        self.complaints = {one.ticket_id: one for one in complaints}
        self.ids = list(self.complaints)[:OPEN]

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        answer = decode(self.answer)
        pairs = zip(answer["ids"], answer["leaders"], strict=True)
        return dict.fromkeys(kelurahan, Listing(answer["ids"], {id_: leader for id_, leader in pairs if leader}))

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        found = [self.complaints[id_] for id_ in ids]
        return {one.ticket_id: open_report(one.tracking_id, one.title, one.body) for one in found}

    def prepare(self) -> None:
        """Encode the answer as the database does, outside of what is measured."""
        self.answer = encode({"ids": self.ids[-OPEN:], "leaders": [None] * OPEN})


def complaints() -> list[ComplaintAccepted]:
    """Return reports of the training set, all in one kelurahan."""
    texts = [row["text"] for row in rows()[: OPEN + NEW]]
    tickets = [ticket_id("web", str(number)) for number in range(len(texts))]
    return [
        accepted(ticket_id=id_, tracking_id=tracking_id(id_), title="", body=text, location=Location(kelurahan="Serua"))
        for id_, text in zip(tickets, texts, strict=True)
    ]


async def measured(reports: list[ComplaintAccepted]) -> tuple[float, int]:
    """Return the mean of the CPU seconds a report, and for how many something similar was found."""
    neighbours = Open(reports)
    neighbours.prepare()
    search, spent, found = SimilarReports(neighbours), [], 0
    await search.of(reports[:1])
    for complaint in reports[OPEN:]:
        began = time.process_time()
        similar = await search.of([complaint])
        spent.append(time.process_time() - began)
        found += bool(similar[complaint.ticket_id])
        neighbours.ids.append(complaint.ticket_id)
        neighbours.prepare()
    return statistics.fmean(spent), found


def main() -> None:
    """Print the figure beside its ceiling."""
    reports = complaints()
    runs = [asyncio.run(measured(reports)) for _ in range(ROUNDS)]
    micros = min(spent for spent, _ in runs) * 1e6
    sys.stdout.write(
        f"{micros:.0f} microseconds a report with {OPEN} open ones (at most {CEILING}); "
        f"{runs[0][1]} of {NEW} have similar ones\n"
    )
    raise SystemExit(micros > CEILING)


if __name__ == "__main__":
    main()
