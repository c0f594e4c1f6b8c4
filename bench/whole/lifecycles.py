"""Full lifecycles: submitted, routed, acknowledged, answered, and closed by the reporter, one step after the other.

Agencies, an officer and the channel are played by one plain client, which answers each record with the next update.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition

from bench.whole.complaints import CHANNEL, HEADERS
from shared import topics
from shared.topics import Topic, family_of, member_of, updates_topic
from tests.servers.addresses import Namespace

OFFICER, OFFICERS_CHOICE = "triage", "dishub"
PLAYED = (topics.ROUTED, topics.TRIAGE, topics.TICKETS)
AT_ONCE, GATHER_SECONDS = 500, 0.02
WITHIN_SECONDS = 900

Step = tuple[str, str, str, dict[str, Any]]
"""Who says something (as in the name of its topic), under which source, of which type, and what."""


def next_step(family: str, member: str | None, event: Mapping[str, Any]) -> Step | None:
    """Return what somebody says who reads this event on that topic; None if nobody says anything.

    Args:
        member: Whose topic it is, if it is one of a family.
    """
    said, data = event["type"].removeprefix("tindak.").removesuffix(".v1"), event["data"]
    if family == topics.ROUTED:
        agency = (f"agency-{member}", f"/agencies/{member}")
        if said == "ticket.routed":
            return (*agency, "acknowledge", {"note": "Sudah kami terima."})
        if said == "ticket.acknowledged":
            return (*agency, "answer", {"answer": "Sudah kami tangani di lapangan.", "final": True})
    elif family == topics.STATUS and data["state"] == "answered" and data["rating_wanted"]:
        return f"channel-{member}", f"/channels/{member}", "confirm", {"rating": 5}
    elif family == topics.TRIAGE and said == "ticket.triage_requested":
        choice = {"agency": OFFICERS_CHOICE, "reason": "Sesuai isi laporan."}
        return topics.OFFICERS, f"/officers/{OFFICER}", "assign", choice
    return None


class Players(threading.Thread):
    """Everybody outside; counts what was closed."""

    def __init__(self, own: Namespace, wanted: Sequence[Topic]) -> None:
        super().__init__(daemon=True)
        self.prefix, self.leaving = own.prefix, threading.Event()
        self.closed, self.said, self.confirmed = 0, Counter[str](), set[str]()
        servers = {"bootstrap.servers": own.servers.bootstrap_servers}
        self.producer = Producer({**servers, "linger.ms": 5})
        self.consumer = Consumer({**servers, "group.id": f"{own.prefix}bench-players", "enable.auto.commit": False})
        status = topics.status_topic(CHANNEL)
        played = [topic for topic in wanted if family_of(topic.name) in PLAYED or topic.name == status]
        ends = [
            TopicPartition(own.prefix + topic.name, each, OFFSET_END)
            for topic in played
            for each in range(topic.partitions)
        ]
        self.consumer.assign(self.consumer.offsets_for_times(ends, timeout=30))

    def run(self) -> None:
        """Play until told to leave."""
        while not self.leaving.is_set():
            for message in self.consumer.consume(AT_ONCE, GATHER_SECONDS):
                if not message.error():
                    self._hear(message)
            self.producer.poll(0)
        self.producer.flush(30)
        self.consumer.close()

    def _hear(self, message: Message) -> None:
        topic, value = message.topic().removeprefix(self.prefix), message.value()
        if topic == topics.TICKETS:
            self.closed += b'"tindak.ticket.closed.v1"' in value
            return
        step = next_step(family_of(topic), member_of(topic), orjson.loads(value))
        ticket = message.key().decode()
        if step is None or (step[2] == "confirm" and ticket in self.confirmed):
            return
        if step[2] == "confirm":
            self.confirmed.add(ticket)
        self.said[step[2]] += 1
        self._say(step, ticket)

    def _say(self, step: Step, ticket: str) -> None:
        sender, source, verb, data = step
        value = orjson.dumps(
            {
                "specversion": "1.0",
                "id": str(uuid4()),
                "source": source,
                "type": f"tindak.ticket.{verb}.v1",
                "time": datetime.now(UTC).isoformat(),
                "subject": ticket,
                "datacontenttype": "application/json",
                "partitionkey": ticket,
                "data": {"ticket_id": ticket, **data},
            }
        )
        self.producer.produce(self.prefix + updates_topic(sender), value, ticket, headers=HEADERS)

    def until_closed(self, count: int, within_seconds: float = WITHIN_SECONDS) -> None:
        """Return once so many were closed.

        Raises:
            TimeoutError: They were not in time.
        """
        give_up_at = time.monotonic() + within_seconds
        while self.closed < count:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{self.closed} of {count} tickets were closed; said {dict(self.said)}")
            time.sleep(0.2)  # others play their parts in threads of their own

    def leave(self) -> None:
        """End playing."""
        self.leaving.set()
        self.join()
