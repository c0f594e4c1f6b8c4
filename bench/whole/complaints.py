"""Complaints as a channel sends them, encoded before any clock starts, and the plain client that sends them."""

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from confluent_kafka import Producer

from bench.training.training_set import rows

Encoded = tuple[str, bytes]
"""Key and value of a record."""

CHANNEL = "web"
HEADERS = {"content-type": "application/cloudevents+json"}
TITLE_WORDS = 6
SENT_WITHIN_SECONDS = 120


def complaints(run: str, now: datetime | None = None) -> Iterator[Encoded]:
    """Yield complaints without end, each under an id of its own: the invented reports in turn.

    Args:
        run: Begins every source id, so that no two runs file the same report.
    """
    reports, at, number = rows(), (now or datetime.now(UTC)).isoformat(), 0
    while True:
        yield encoded(f"{run}-{number}", submitted(f"{run}-{number}", number, reports[number % len(reports)], at), at)
        number += 1


def first(count: int, run: str) -> list[Encoded]:
    """Return so many complaints."""
    return list(islice(complaints(run), count))


def submitted(source_id: str, number: int, row: dict[str, str], at: str) -> dict[str, Any]:
    """Return what a reporter fills in; every second one leaves a contact."""
    place = {"text": row["address"], "kelurahan": row["kelurahan"], "kecamatan": row["kecamatan"]}
    data: dict[str, Any] = {
        "channel": CHANNEL,
        "source_id": source_id,
        "submitted_at": at,
        "title": " ".join(row["text"].split()[:TITLE_WORDS])[:200],
        "body": row["text"],
        "location": {name: said for name, said in place.items() if said},
    }
    if number % 2 == 0:
        reporter = {"name": f"Warga {number}", "email": f"warga{number}@example.org", "locale": "id"}
        data["reporter"] = reporter | {"phone": f"+62811{number:08d}"}
    return data


def encoded(key: str, data: dict[str, Any], at: str) -> Encoded:
    """Return a complaint as a record."""
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/channels/{CHANNEL}",
        "type": "tindak.complaint.submitted.v1",
        "time": at,
        "datacontenttype": "application/json",
        "partitionkey": key,
        "data": data,
    }
    return key, json.dumps(event).encode()


def send(bootstrap_servers: str, records: Iterable[tuple[str, Encoded]]) -> None:
    """Send records, each to its topic, as fast as librdkafka does; return once all are acknowledged.

    Raises:
        TimeoutError: Some were not within two minutes.
    """
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "enable.idempotence": False})
    for topic, (key, value) in records:
        while True:
            try:
                producer.produce(topic, value, key, headers=HEADERS)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(SENT_WITHIN_SECONDS):
        raise TimeoutError("not all complaints were acknowledged")
