"""Servers, topics, a policy and the processes of sla for one run, and what they have used and written."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Consumer, TopicPartition

from bench.sla.seed import write_policy
from services.sla.domain.rules import SlaRules
from services.sla.policy import load_sla
from services.sla.store import INDEXES, STATE, SlaStore
from shared.adapters.mongo.client import collection
from shared.delivery.ports import Record
from shared.policy.agencies import load_agencies
from shared.process.settings import KafkaSettings, MongoSettings
from shared.topics import catalogue
from tindak.client.kafka import Client
from tindak.environment import settings_in
from tindak.stack import LocalStack
from tindak.topics import apply

ROOT = Path(__file__).parents[2]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Place:
    """One run's own topics and database; see the module."""

    environment: Mapping[str, str]
    policy: Path
    prefix: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def kafka(self) -> KafkaSettings:
        found = settings_in(self.environment, "TINDAK_KAFKA_") | {"topic_prefix": self.prefix}
        return KafkaSettings.model_validate(found)

    @property
    def mongo(self) -> MongoSettings:
        return MongoSettings(uri=self.environment["TINDAK_MONGO_URI"], database_prefix=self.prefix)

    @property
    def rules(self) -> SlaRules:
        return load_sla(self.policy)

    def store(self) -> SlaStore:
        return SlaStore(collection(self.mongo, "sla"), STATE, INDEXES)

    def variables(self, **more: str) -> dict[str, str]:
        """Return the environment of a process."""
        own = {
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TINDAK_POLICY_DIR": str(self.policy),
            "TINDAK_KAFKA_TOPIC_PREFIX": self.prefix, "TINDAK_MONGO_DATABASE_PREFIX": self.prefix,
            "TINDAK_LOG_LEVEL": "warning", "TINDAK_SLA_HEALTH_PORT": "0",
        }  # fmt: skip
        return {**self.environment, **own, **more}

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        """Start one replica of sla."""
        one = subprocess.Popen(
            [sys.executable, "-m", "services.sla.app"], cwd=ROOT, env=self.variables(**more), stdout=sys.stderr
        )
        self.processes.append(one)
        return one

    def stop(self) -> None:
        """End all replicas."""
        for one in self.processes:
            one.terminate()
        for one in self.processes:
            one.wait(30)
        self.processes.clear()

    def written(self, topic: str) -> int:
        """Return how many records lie on a topic."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap_servers, "group.id": self.prefix + "bench"})
        name = self.prefix + topic
        partitions = consumer.list_topics(name, timeout=30).topics[name].partitions
        marks = [consumer.get_watermark_offsets(TopicPartition(name, each), timeout=30) for each in partitions]
        consumer.close()
        return sum(high for _, high in marks)

    async def records(self, topic: str) -> list[Record]:
        """Return everything on a topic."""
        async with Client(self.kafka) as client:
            return await client.read([topic])

    def cpu_seconds(self) -> dict[str, float]:
        """Return what servers and replicas have used by now."""
        replicas = {str(one.pid) for one in self.processes}
        used = {"sla": 0.0, "mongod": 0.0}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                stat = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            program = command.split("\0")[0].rpartition("/")[2]
            name = "sla" if folder.name in replicas else program
            if name == "sla" or (name == "mongod" and self.mongo_port in command):
                used[name] += (int(stat[11]) + int(stat[12])) / TICKS_PER_SECOND
        return used

    @property
    def mongo_port(self) -> str:
        """Return by what the command line of this run's own mongod is known."""
        return self.environment["TINDAK_MONGO_URI"].split(":")[2].split("/")[0]


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """Give servers of that *kind*, ``existing`` for those that the environment names."""
    if kind == "existing":
        found = {name: value for name, value in os.environ.items() if name.startswith("TINDAK_")}
        with dressed(found) as own:
            yield own
        return
    with LocalStack("apache", brokers=1, members=1) as local, dressed(dict(local.layout.environment())) as own:
        yield own


@contextmanager
def dressed(environment: dict[str, str]) -> Iterator[Place]:
    """Give topics and a policy on servers that run; end every replica afterwards."""
    with TemporaryDirectory() as folder:
        write_policy(ROOT / "policy", Path(folder))
        own = Place(environment, Path(folder), f"bench{secrets.token_hex(3)}-")
        apply(own.kafka, catalogue({load_agencies(own.policy).codes[0]: 1}, {}))
        try:
            yield own
        finally:
            own.stop()


def awaited(place: Place, topic: str, count: int, within_seconds: float) -> None:
    """Wait until *count* records lie on a topic, at most *within_seconds*."""
    give_up_at = time.monotonic() + within_seconds
    while place.written(topic) < count and time.monotonic() < give_up_at:
        time.sleep(0.2)  # each look connects anew; looking oftener would slow down what is measured
