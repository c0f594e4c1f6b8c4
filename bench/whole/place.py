"""Servers, topics and the four services for one run, started as in production."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pymongo import MongoClient

from bench.meters.usage import cpu_seconds
from services.intake.handlers import IntakeHandler
from services.notify.handlers import NotifyHandler
from services.routing.handlers import RoutingHandler
from services.sla.handlers import SlaHandler
from shared.policy.topics import load_topics
from shared.topics import Topic, family_of
from tests.servers.addresses import Namespace, Servers
from tests.servers.fleet import POLICY, Fleet
from tindak.stack import LocalStack
from tindak.stack.layout import BrokerKind
from tindak.topics import apply

# Tests shorten these, so that they need not wait for the dead; the embedded broker wants them short, too.
AS_SHIPPED = {
    "TINDAK_KAFKA_SESSION_TIMEOUT_MS": "10000",
    "TINDAK_KAFKA_HEARTBEAT_INTERVAL_MS": "2000",
    "TINDAK_KAFKA_REQUEST_TIMEOUT_MS": "15000",
}

HANDLERS = (IntakeHandler, RoutingHandler, SlaHandler, NotifyHandler)
HEARD: Mapping[str, Sequence[str]] = {handler.service: handler.topics for handler in HANDLERS}


@dataclass(frozen=True, slots=True)
class Place:
    """A stack that runs, and the topics of the city on it, made anew for each rival."""

    stack: LocalStack
    folder: Path
    topics: tuple[Topic, ...]
    policy: Path = POLICY

    def namespace(self) -> Namespace:
        """Return names of their own, with all topics of the city made."""
        own = Namespace(Servers(self.stack.layout.environment(), self.stack), f"b{secrets.token_hex(3)}-")
        apply(own.kafka, self.topics)
        return own

    def fleet(self, own: Namespace, settings: Mapping[str, str] = {}) -> Fleet:
        """Return the services, none of them started, that log what somebody should know and send through the log."""
        shipped = AS_SHIPPED if self.stack.layout.kind == "apache" else {}
        return Fleet(own, self.folder, self.policy, {**shipped, "TINDAK_LOG_LEVEL": "warning", **settings})

    def servers(self) -> dict[str, list[int]]:
        """Return the process ids of the servers, by what they are."""
        nodes = {"mongod": self.stack.members, "broker": self.stack.brokers}
        return {name: [node.process.pid for node in those if node.process] for name, those in nodes.items()}

    def database(self) -> MongoClient[dict[str, object]]:
        """Return a client of the database; whoever gets it closes it."""
        return MongoClient(self.stack.mongo_uri, tz_aware=True)

    def flush(self) -> float:
        """Have the database write what it holds in memory; return the CPU seconds that this took all members.

        Else it does so once a minute, at the expense of whoever is measured then.
        """
        processes = {"mongod": self.servers()["mongod"]}
        before = cpu_seconds(processes)["mongod"]
        for node in self.stack.members:
            with MongoClient[dict[str, object]]("127.0.0.1", node.port, directConnection=True) as member:
                member.admin.command("fsync")
        return cpu_seconds(processes)["mongod"] - before


@contextmanager
def place(kind: BrokerKind = "apache", *, brokers: int = 1, members: int = 1, policy: Path = POLICY) -> Iterator[Place]:
    """Give servers of that *kind*, and topics and services of the city with that *policy*; gone afterwards."""
    with LocalStack(kind, brokers=brokers, members=members) as local, TemporaryDirectory() as folder:
        yield Place(local, Path(folder), as_they_are_read(load_topics(policy)), policy)


def as_they_are_read(wanted: Sequence[Topic]) -> tuple[Topic, ...]:
    """Return topics with the services that do read them; some may do so only for what an older release has left."""

    def readers(topic: Topic) -> Iterator[str]:
        yield from (each for each in topic.read_by if each not in HEARD)
        yield from (service for service, heard in HEARD.items() if {topic.name, family_of(topic.name)} & set(heard))

    return tuple(replace(topic, read_by=tuple(readers(topic))) for topic in wanted)
