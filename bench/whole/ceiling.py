"""What the machine could do at most: four processes by hand that read, write and publish as much as the services do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from bench.whole.by_hand import Output, Task
from bench.whole.complaints import CHANNEL
from bench.whole.place import Place
from bench.whole.throughput import Course
from shared import topics
from shared.topics import SERVICES, Topic, family_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT
from tindak.stack.processes import LEASH

STOP_WITHIN_SECONDS = 20
TRIGGERS = {
    "intake": topics.submitted_topic(CHANNEL),
    "routing": topics.ACCEPTED,
    "sla": topics.TICKETS,
    "notify": topics.TICKETS,
}
"""After which records each service says most of what it says."""


def tasks(course: Course, wanted: tuple[Topic, ...], own: Namespace) -> list[Task]:
    """Return what each process is to do so that, in all, it is as much as *course* has seen.

    The database counts by document, not by service: what it has inserted (whole documents), updated (marks) and
    returned is divided among the services as the revisions of their documents are.
    """
    revisions = {name: each.documents * each.writes for name, each in course.stored.items()}
    share = {name: each / max(1.0, sum(revisions.values())) for name, each in revisions.items()}
    return [_task(service, course, wanted, own, share[service]) for service in SERVICES]


def _task(service: str, course: Course, wanted: tuple[Topic, ...], own: Namespace, share: float) -> Task:
    families, submitted = course.found.families(), topics.submitted_topic(CHANNEL)
    counts = {name: kind.records for name, kind in families.items()} | {submitted: course.complaints}
    reads = [topic.name for topic in wanted if service in topic.read_by and counts.get(topic.name)]
    heard = sum(counts[name] for name in reads)
    answered = counts[TRIGGERS[service]]
    outputs = [
        Output(
            tuple(sorted(own.prefix + name for name in course.found.names[family])),
            kind.records / answered,
            kind.bytes // kind.records,
        )
        for family, kind in sorted(families.items())
        if _writer(family, wanted) == service and kind.records
    ]
    documents = course.documents
    return Task(
        service, own.servers.bootstrap_servers, own.servers.mongo_uri, own.prefix, tuple(reads), TRIGGERS[service],
        loads=documents["returned"] * share / heard,
        saves=documents["inserted"] * share / heard,
        marks=documents["updated"] * share / heard,
        document_bytes=round(course.stored[service].bytes),
        outputs=tuple(outputs),
        enable_idempotence=own.kafka.enable_idempotence,
    )  # fmt: skip


def _writer(family: str, wanted: tuple[Topic, ...]) -> str:
    return next(topic.written_by[0] for topic in wanted if family_of(topic.name) == family)


@contextmanager
def by_hand(there: Place, todo: list[Task]) -> Iterator[dict[str, list[int]]]:
    """Give the process ids of processes that work, by service; end them afterwards."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for task in todo:
            file = there.folder / f"{task.prefix}{task.service}.json"
            file.write_bytes(orjson.dumps(task))
            running[task.service] = _started("bench.whole.by_hand", str(file), there.folder / f"{file.stem}.log")
        yield {service: [process.pid] for service, process in running.items()}
        assert all(process.poll() is None for process in running.values()), "a process of the ceiling has ended"
    finally:
        ended(list(running.values()))


def _started(module: str, argument: str, log: Path) -> subprocess.Popen[bytes]:
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), sys.executable, "-m", module, argument]
    with log.open("wb") as output:
        return subprocess.Popen(leashed, cwd=ROOT, stdout=output, stderr=output)


def ended(running: list[subprocess.Popen[bytes]]) -> None:
    """End processes."""
    for process in running:
        process.terminate()
    for process in running:
        process.wait(STOP_WITHIN_SECONDS)
