"""One sender who floods its topic with an ordinary client; run as ``-m tests.faults.flooding``, as a process.

Knows nothing of this code but the contract: what it sends, anybody could.
"""

import json
import sys
import uuid
from datetime import UTC, datetime

from confluent_kafka import Producer

BODIES = (
    "Jalan berlubang besar di depan pasar, sudah dua pengendara motor jatuh.",
    "Sampah di TPS tidak diangkut sudah dua minggu, baunya masuk rumah.",
    "Lampu PJU mati sejak seminggu, gelap sekali kalau malam.",
    "Parkir liar di depan stasiun bikin macet tiap pagi, tolong ditertibkan.",
)
VILLAGES = ("Ciputat", "Sawah Baru", "Serua", "Pamulang Barat", "Pondok Aren", "Serpong", "Rempoa", "Setu")


def submitted(channel: str, number: int) -> tuple[str, bytes]:
    """Return source id and value of the *number*-th complaint of the flood."""
    source_id, now = f"flood-{number}", datetime.now(UTC).isoformat()
    data = {
        "channel": channel,
        "source_id": source_id,
        "submitted_at": now,
        "body": f"{BODIES[number % len(BODIES)]} Jalan Kenanga nomor {number}, laporan {number}.",
        "location": {"kelurahan": VILLAGES[number // len(BODIES) % len(VILLAGES)]},
    }
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/channels/{channel}",
        "type": "tindak.complaint.submitted.v1",
        "time": now,
        "datacontenttype": "application/json",
        "partitionkey": source_id,
        "data": data,
    }
    return source_id, json.dumps(event).encode()


def flood(bootstrap_servers: str, topic: str, channel: str, complaints: int) -> None:
    """Send as many complaints as fast as the client can; return once all are acknowledged."""
    producer = Producer(
        {"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "queue.buffering.max.messages": 10_000}
    )
    for number in range(complaints):
        key, value = submitted(channel, number)
        while True:
            try:
                producer.produce(topic, value, key, headers={"content-type": "application/cloudevents+json"})
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(120):
        raise TimeoutError(topic)


if __name__ == "__main__":
    at, to, of, count = sys.argv[1:]
    flood(at, to, of, int(count))
