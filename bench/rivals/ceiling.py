"""What the machine could do at most: four processes by hand that read, write and publish as much as the services do."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import orjson

from bench.rivals.task import Output, Task, event_of_size
from bench.whole.complaints import CHANNEL, Encoded, first
from bench.whole.place import Place
from bench.whole.throughput import Course
from shared import topics
from shared.topics import SERVICES, Topic, family_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT
from tindak.stack.processes import LEASH

STOP_WITHIN_SECONDS = 20
BY_HAND, NAIVE = "bench.rivals.by_hand", "bench.rivals.naive"
TRIGGERS = {
    "intake": (topics.submitted_topic(CHANNEL),),
    "routing": (topics.ACCEPTED, topics.UPDATES),
    "sla": (topics.TICKETS,),
    "notify": (topics.TICKETS,),
}
"""After which records, by family or topic, each service says most of what it says."""


def tasks(course: Course, wanted: tuple[Topic, ...], own: Namespace) -> list[Task]:
    """Return what each process is to do so that, in all, it is as much as *course* has seen.

    The database counts by document, not by service: what it has inserted or updated, and what it has returned, is
    divided among the services as the revisions of their documents are. Each write counts as one of a whole document.
    """
    revisions = {name: each.documents * each.writes for name, each in course.stored.items()}
    share = {name: each / max(1.0, sum(revisions.values())) for name, each in revisions.items()}
    return [_task(service, course, wanted, own, share[service]) for service in SERVICES]


def _task(service: str, course: Course, wanted: tuple[Topic, ...], own: Namespace, share: float) -> Task:
    on_topic = {name: count for each in course.found.topics.values() for name, count in each.items()}
    on_topic[topics.submitted_topic(CHANNEL)] = course.complaints
    reads = [topic.name for topic in wanted if service in topic.read_by and on_topic.get(topic.name)]
    triggers = [name for name in reads if {name, family_of(name)} & set(TRIGGERS[service])]
    heard, answered = (sum(on_topic[name] for name in names) for names in (reads, triggers))
    outputs = [
        Output(
            tuple(sorted(own.prefix + name for name in course.found.topics[family])),
            kind.records / answered,
            kind.bytes // kind.records,
        )
        for family, kind in sorted(course.found.families().items())
        if _writer(family, wanted) == service
    ]
    documents = course.documents
    return Task(
        service, own.servers.bootstrap_servers, own.servers.mongo_uri, own.prefix, tuple(reads), tuple(triggers),
        loads=documents["returned"] * share / heard,
        saves=(documents["inserted"] + documents["updated"]) * share / heard,
        documents=tuple(b64encode(each.raw).decode() for each in course.stored[service].samples),
        outputs=tuple(outputs),
        enable_idempotence=own.kafka.enable_idempotence,
    )  # fmt: skip


def updates(course: Course) -> list[tuple[str, Encoded]]:
    """Return as many updates of tickets as *course* has seen, each with its topic, all of the same mean size."""
    kind = course.found.families().get(topics.UPDATES)
    if kind is None:
        return []
    keys = cycle(key for key, _ in first(course.complaints, "measured"))
    size = kind.bytes // kind.records
    return [
        (topic, (key, event_of_size(key, size)))
        for topic, count in sorted(course.found.topics[topics.UPDATES].items())
        for key in islice(keys, count)
    ]


def _writer(family: str, wanted: tuple[Topic, ...]) -> str:
    return next(topic.written_by[0] for topic in wanted if family_of(topic.name) == family)


@contextmanager
def working(there: Place, todo: list[Task], module: str = BY_HAND) -> Iterator[dict[str, list[int]]]:
    """Give the process ids of processes of that *module* that work, by service; end them afterwards."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for task in todo:
            file = there.folder / f"{task.prefix}{task.service}.json"
            file.write_bytes(orjson.dumps(task))
            running[task.service] = _started(module, str(file), there.folder / f"{file.stem}.log")
        yield {service: [process.pid] for service, process in running.items()}
        assert all(process.poll() is None for process in running.values()), "a rival has ended by itself"
    finally:
        _ended(list(running.values()))


def _started(module: str, argument: str, log: Path) -> subprocess.Popen[bytes]:
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), sys.executable, "-m", module, argument]
    with log.open("wb") as output:
        return subprocess.Popen(leashed, cwd=ROOT, stdout=output, stderr=output)


def _ended(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
