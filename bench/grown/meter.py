"""What complaints cost a stack that may have handled others before: CPU by process, memory, documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.meters.progress import Offsets, Progress, on_the_way
from bench.meters.spent import difference, documents_counted
from bench.meters.usage import Processes, resident_mib
from bench.whole.complaints import CHANNEL, Encoded, send
from bench.whole.place import Place
from shared import topics
from tests.servers.addresses import Namespace

WITHIN_SECONDS = 1_200
SUBMITTED = topics.submitted_topic(CHANNEL)


@dataclass(frozen=True, slots=True)
class Spent:
    """What so many complaints have cost.

    Args:
        seconds: Until all was handled, and some quiet looks.
        cpu_us: CPU time of each process for one complaint.
        rss_mib: Memory of each process before and after.
        documents: How many the database has inserted, updated, deleted and returned.
    """

    complaints: int
    seconds: float
    cpu_us: Mapping[str, float]
    rss_mib: Mapping[str, tuple[float, float]]
    documents: Mapping[str, int]

    def report(self) -> dict[str, Any]:
        """Return it as JSON-like values."""
        return {
            "complaints": self.complaints,
            "seconds": round(self.seconds, 1),
            "cpu_us": {name: round(us) for name, us in self.cpu_us.items()},
            "cpu_us_total": round(sum(self.cpu_us.values())),
            "rss_mib": {name: [round(one) for one in each] for name, each in self.rss_mib.items()},
            "documents": {name: round(count / self.complaints, 2) for name, count in self.documents.items()},
        }


def spent(there: Place, own: Namespace, processes: Processes, complaints: Sequence[Encoded]) -> Spent:
    """Send complaints, all at once, to services that have handled what was sent before; return what they cost.

    Raises:
        TimeoutError: Not all was handled within twenty minutes.
    """
    progress = Progress(own, on_the_way(there.topics, CHANNEL), processes)
    with there.database() as database:
        try:
            there.flush()
            before = progress.until_handled(WITHIN_SECONDS)
            memory, counted = resident_mib(processes), documents_counted(database)
            send(own.servers.bootstrap_servers, [(own.prefix + SUBMITTED, each) for each in complaints])
            after = progress.until_handled(WITHIN_SECONDS, come(sent(before.ends) + len(complaints)))
        finally:
            progress.close()
        documents = difference(documents_counted(database), counted)
    used = dict(before.cpu_seconds)
    used["mongod"] -= there.flush()
    cpu = {name: (after.cpu_seconds[name] - each) / len(complaints) * 1e6 for name, each in used.items()}
    grown = {name: (memory[name], now) for name, now in resident_mib(processes).items()}
    return Spent(len(complaints), after.at - before.at, cpu, grown, documents)


def sent(ends: Offsets) -> int:
    """Return how many complaints have been sent."""
    return sum(end for (topic, _), end in ends.items() if topic == SUBMITTED)


def come(count: int) -> Callable[[Offsets], bool]:
    """Return whether so many complaints have come."""
    return lambda ends: sent(ends) >= count
