"""How many complaints a second pass through all four services, and what each process uses for one."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.meters.progress import Offsets, Progress, on_the_way
from bench.meters.records import Found, found_on
from bench.meters.spent import Stored, difference, documents_counted, stored
from bench.meters.usage import Processes, cpu_seconds, resident_mib
from bench.whole.complaints import CHANNEL, Encoded, first, send
from bench.whole.place import Place
from shared import topics
from shared.topics import Topic, family_of
from tests.servers.addresses import Namespace

WITHIN_SECONDS = 1_200
SUPPRESSED = "notification.suppressed"
THROUGH = (topics.ACCEPTED, topics.TICKETS, topics.ROUTED, topics.SLA, topics.DELIVERIES)
"""The topics by which one sees how far complaints have come, in the order in which they reach them."""


@dataclass(frozen=True, slots=True)
class Course:
    """One measured run of so many complaints, all sent at once.

    Args:
        seconds: From the first send to the last record, by topic family, and to the last of all.
        cpu_us: CPU time of each process for one complaint.
        rss_mib: Memory of each process before and after.
        found: What lies on the topics.
        documents: How many documents the database has inserted, updated, deleted and returned meanwhile.
        stored: What each service has stored.
    """

    complaints: int
    seconds: Mapping[str, float]
    cpu_us: Mapping[str, float]
    rss_mib: Mapping[str, tuple[float, float]]
    found: Found
    documents: Mapping[str, int]
    stored: Mapping[str, Stored]

    @property
    def per_second(self) -> float:
        """Return complaints a second through everything."""
        return self.complaints / self.seconds["all"]

    def report(self) -> dict[str, Any]:
        """Return it as JSON-like values."""
        families = self.found.families()
        return {
            "complaints": self.complaints,
            "per_second": round(self.per_second, 1),
            "through": {name: round(self.complaints / each, 1) for name, each in self.seconds.items()},
            "cpu_us": {name: round(each) for name, each in self.cpu_us.items()},
            "cpu_us_total": round(sum(self.cpu_us.values())),
            "rss_mib": {name: [round(one) for one in each] for name, each in self.rss_mib.items()},
            "records": {name: round(kind.records / self.complaints, 2) for name, kind in sorted(families.items())},
            "types": {
                f"{family} {kind}": round(each.records / self.complaints, 3)
                for (family, kind), each in sorted(self.found.kinds.items())
            },
            "documents": {name: round(count / self.complaints, 2) for name, count in self.documents.items()},
            "stored": {
                name: {"writes": round(one.writes, 2), "bytes": round(one.bytes)} for name, one in self.stored.items()
            },
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent to whom.

    Args:
        complaints: How many are measured.
        warm_up: How many before the clock starts.
        beside: What else is sent with the complaints: topics (without prefix) and records.
        meanwhile: Called with how many were sent by then; returns once others have done their part with them.
    """

    complaints: int
    warm_up: int
    beside: Sequence[tuple[str, Encoded]] = ()
    meanwhile: Callable[[int], None] | None = None


def measured(there: Place, own: Namespace, processes: Processes, load: Load) -> Course:
    """Send complaints to processes that run, after some to warm them up; return what came of them.

    Raises:
        TimeoutError: Not all was handled within twenty minutes.
        AssertionError: Something was lost.
    """
    early = _addressed(own, first(load.warm_up, "warm"))
    records = _addressed(own, first(load.complaints, "measured"), load.beside)
    updates = bool(load.beside) or load.meanwhile is not None
    progress = Progress(own, on_the_way(there.topics, CHANNEL, updates=updates), processes)
    meanwhile = load.meanwhile or (lambda _: None)
    with there.database() as database:
        try:
            send(own.servers.bootstrap_servers, early)
            meanwhile(load.warm_up)
            progress.until_handled(WITHIN_SECONDS, _has_come(load.warm_up))
            there.flush()
            memory, counted = resident_mib(processes), documents_counted(database)
            used, begun_at = cpu_seconds(processes), time.time()
            send(own.servers.bootstrap_servers, records)
            meanwhile(load.warm_up + load.complaints)
            after = progress.until_handled(WITHIN_SECONDS, _has_come(load.warm_up + load.complaints))
        finally:
            progress.close()
        used["mongod"] -= there.flush()
        cpu = {name: (after.cpu_seconds[name] - used[name]) / load.complaints * 1e6 for name in used}
        grown = {name: (memory[name], now) for name, now in resident_mib(processes).items()}
        documents = difference(documents_counted(database), counted)
        found = found_on(own, _all_but_submitted(there.topics), int(begun_at * 1000))
        took = seconds(found, begun_at)
        return Course(load.complaints, took, cpu, grown, found, documents, stored(database, own.prefix))


def warmed_up(there: Place, own: Namespace, processes: Processes, complaints: int, run: str = "warm") -> None:
    """Return once so many complaints have passed through everything.

    Raises:
        TimeoutError: They have not within twenty minutes.
    """
    progress = Progress(own, on_the_way(there.topics, CHANNEL), processes)
    try:
        already = submitted_in(progress.ends())
        send(own.servers.bootstrap_servers, _addressed(own, first(complaints, run)))
        progress.until_handled(WITHIN_SECONDS, _has_come(already + complaints))
    finally:
        progress.close()


def _addressed(
    own: Namespace, complaints: Sequence[Encoded], beside: Sequence[tuple[str, Encoded]] = ()
) -> list[tuple[str, Encoded]]:
    submitted = own.prefix + topics.submitted_topic(CHANNEL)
    return [*((submitted, each) for each in complaints), *((own.prefix + topic, each) for topic, each in beside)]


def _all_but_submitted(wanted: Sequence[Topic]) -> list[Topic]:
    return [topic for topic in wanted if family_of(topic.name) != topics.SUBMITTED]


def seconds(found: Found, begun_at: float) -> dict[str, float]:
    """Return the seconds until the last record of each family, and of all.

    What is suppressed comes when its time has come: that is no work that anybody waits for.
    """
    at = {
        family: max(
            (kind.last_ms for (name, type_), kind in found.kinds.items() if name == family and type_ != SUPPRESSED),
            default=0,
        )
        for family in THROUGH
    }
    took = {family: last_ms / 1000 - begun_at for family, last_ms in at.items() if last_ms}
    return {**took, "all": max(took.values())}


def nothing_lost(course: Course) -> None:
    """Raise AssertionError unless every complaint was accepted, and routed or laid before an officer."""
    accepted = course.found.count(topics.ACCEPTED)
    opened = course.found.count(topics.TICKETS, "ticket.routed", "ticket.triage_requested")
    assert accepted == course.complaints, f"{accepted} of {course.complaints} complaints were accepted"
    assert opened >= accepted, f"{opened} of {accepted} tickets were routed or laid before an officer"


def submitted_in(ends: Offsets) -> int:
    """Return how many complaints were handed over where topics reach so far."""
    return sum(end for (topic, _), end in ends.items() if topic == topics.submitted_topic(CHANNEL))


def _has_come(submitted: int) -> Callable[[Offsets], bool]:
    return lambda ends: submitted_in(ends) >= submitted
