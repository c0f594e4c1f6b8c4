"""A city that goes on complaining while something breaks, and the check that nothing came of it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from pymongo import MongoClient

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events import ComplaintSubmitted, Event
from shared.events.envelope import encode
from shared.policy.topics import load_topics
from shared.topics import Topic
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, until
from tindak.audit import Check, audit
from tindak.audit.command import unfinished
from tindak.audit.ledger import Where
from tindak.client.kafka import Client
from tindak.topics import connect, ends

COMPLAINTS = 2_000
SLICE = 50
QUIET_WITHIN_SECONDS = 180
STILL_LOOKS_MIN = 25
CATALOGUE = load_topics(POLICY)
EVERY_TOPIC = [topic.name for topic in CATALOGUE]
Documents = dict[str, list[Document[Any]]]
WHILE_RUNNING = frozenset(Check) - {Check.SETTLED}

STORIES = (
    ("Jalan berlubang", "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh."),
    (
        "Lampu jalan mati",
        "Lampu PJU di Jalan Merpati Kelurahan Sawah Baru mati sejak seminggu, gelap sekali kalau malam.",
    ),
    ("Sampah menumpuk", "Sampah di TPS Pamulang Barat tidak diangkut sudah dua minggu, baunya masuk rumah."),
    ("KTP belum jadi", "Sudah rekam e-KTP delapan bulan lalu di Disdukcapil tapi belum jadi, katanya blangko habis."),
    ("Bantuan PKH", "Bantuan PKH ibu saya belum cair sejak Januari padahal masih terdaftar di DTKS."),
    ("Parkir liar", "Parkir liar di depan Stasiun Sudimara bikin macet tiap pagi, tolong ditertibkan."),
    ("Mohon bantuan", "Kenapa begini terus min, sudah berkali-kali tidak ada kabar sama sekali."),
    ("Pungutan sekolah", "SMP negeri di Serpong meminta uang komite satu juta lima ratus ribu dan wajib dibayar."),
)
VILLAGES = ("Ciputat", "Sawah Baru", "Serua", "Pamulang Barat", "Pondok Aren", "Serpong", "Rempoa", "Setu")
STREETS = tuple(f"Jalan {first} {second}" for first in ("Melati", "Cempaka", "Kenanga") for second in "ABCDEFGH")
CHANNELS = ("web", "android", "sms_1708", "whatsapp", "instagram", "call_center")


def complaint(number: int, *, repeat: int = 0, channel: str | None = None) -> Event:
    """Return the *number*-th complaint; a *repeat* is the same report under another event id."""
    title, body = STORIES[number % len(STORIES)]
    # A few tell of the same street and are followed together; most tell of another one.
    place = {"kelurahan": VILLAGES[number // 8 % len(VILLAGES)]}
    street = STREETS[number // 64 % len(STREETS)]
    channel = channel or CHANNELS[number % len(CHANNELS)]
    known = {"name": "Siti Rahmawati", "email": f"siti{number}@warga.example"} if number % 3 else None
    data = ComplaintSubmitted.model_validate(
        {
            "channel": channel,
            "source_id": f"s-{number}",
            "submitted_at": datetime.now(UTC),
            "title": title,
            "body": f"{body} Di {street}, laporan nomor {number}.",
            "location": place,
            "reporter": known,
        }
    )
    made = str(uuid5(NAMESPACE_URL, f"{channel}|{number}|{repeat}"))
    return Event(made, f"/channels/{channel}", datetime.now(UTC), data, key=data.source_id)


def as_outgoing(event: Event) -> Outgoing:
    """Return a complaint as a channel publishes it."""
    channel = event.source.rpartition("/")[2]
    return Outgoing(event.id, topics.submitted_topic(channel), event.key, encode(event))


class City:
    """What a test does with a city: complain, wait until all is quiet, audit."""

    def __init__(self, namespace: Namespace, client: Client, catalogue: tuple[Topic, ...] = CATALOGUE) -> None:
        self.namespace = namespace
        self.client = client
        self.catalogue = catalogue
        self.topics = [topic.name for topic in catalogue]
        self.admin = connect(namespace.kafka)
        self.complained = 0
        self.unread = frozenset(topics.FORMER.values())  # by routing, which reads those only while releases change

    async def complain(self, count: int = COMPLAINTS) -> None:
        """Publish *count* complaints, a slice every tenth of a second, so that faults meet a running stream."""
        for first in range(self.complained, self.complained + count, SLICE):
            last = min(first + SLICE, self.complained + count)
            await self.client.publish([as_outgoing(complaint(number)) for number in range(first, last)])
            await asyncio.sleep(0.1)
        self.complained += count

    async def quiet(self) -> None:
        """Return once every service has read everything and nothing waits to be published."""
        seen: list[tuple[int, int]] = []

        def is_quiet() -> bool:
            ends = self.ends()
            lag = self.lag(ends)
            now = (sum(ends.values()), lag)
            seen[:] = [*seen, now] if seen[-1:] == [now] else [now]
            # The embedded broker (tansu 0.6) says of an end only where the last batch begins: then all must have stood
            # still for longer than any batch takes.
            return lag <= 0 and len(seen) >= (STILL_LOOKS_MIN if lag else 2) and not self.pending()

        await until(is_quiet, QUIET_WITHIN_SECONDS, self.state)

    def ends(self) -> dict[tuple[str, int], int]:
        """Return where each partition of every topic ends."""
        described = self.admin.list_topics(timeout=20).topics
        places = [
            (name, number)
            for topic in self.topics
            if (name := self.namespace.prefix + topic) in described
            for number in described[name].partitions
        ]
        try:
            return ends(self.namespace.kafka, places, within_seconds=20)
        except KafkaException:
            return {}

    def lag(self, ends: dict[tuple[str, int], int]) -> int:
        """Return how many records the services together have not committed, or 1 if that cannot be known now."""
        behind = self.lags(ends) if ends else None
        return 1 if behind is None else sum(behind.values())

    def lags(self, ends: dict[tuple[str, int], int]) -> dict[tuple[str, str, int], int] | None:
        """Return, by service, topic and partition, what is not committed; None if that cannot be known now."""
        behind = {}
        for service in topics.SERVICES:
            may_read = {topic.name for topic in self.catalogue if service in topic.read_by}
            unread = self.unread if service == "routing" else frozenset()
            heard = {self.namespace.prefix + name for name in may_read - unread}
            group = ConsumerGroupTopicPartitions(self.namespace.prefix + service)
            (answer,) = self.admin.list_consumer_group_offsets([group], request_timeout=20).values()
            try:
                committed = {(place.topic, place.partition): place.offset for place in answer.result().topic_partitions}
            except KafkaException:
                return None
            for (name, number), end in ends.items():
                if name in heard:
                    behind[service, name, number] = end - max(0, committed.get((name, number), 0))
        return behind

    def pending(self) -> int:
        """Return how many documents hold events that may not be published yet."""
        with MongoClient[dict[str, Any]](self.namespace.mongo.uri.get_secret_value()) as client:
            databases = [client[self.namespace.mongo.database_prefix + service] for service in topics.SERVICES]
            return sum(database["tickets"].count_documents({"pending_at": {"$exists": True}}) for database in databases)

    def state(self) -> str:
        """Return what waits where, for a failing test."""
        behind = self.lags(self.ends()) or {}
        waiting = {f"{service}: {name} {number}": count for (service, name, number), count in behind.items() if count}
        return f"behind {waiting}, pending {self.pending()}"

    async def still(self) -> tuple[list[Record], Documents]:
        """Return everything on all topics, in order of offset, and all documents, as they stood at one moment.

        Notices and clocks come due while the topics are read one after the other, and what then is said on two topics
        would be seen on one of them. So what was read counts only if nothing was published meanwhile.
        """
        while True:
            await self.quiet()
            before = self.ends()
            found = await self.client.read(self.topics)
            documents = {service: await unfinished(self.namespace.mongo, service) for service in topics.SERVICES}
            if not self.pending() and self.ends() == before:
                return sorted(found, key=lambda record: (record.topic, record.partition, record.offset)), documents

    async def audited(self, dead_letters: Collection[Where] = ()) -> list[Record]:
        """Wait until all is quiet; fail unless everything is everywhere exactly once; return all records."""
        records, documents = await self.still()
        findings = audit(records, documents, dead_letters=dead_letters, checks=WHILE_RUNNING)
        assert not findings, "\n".join(map(str, findings[:10]))
        return records

    async def accepted(self) -> int:
        """Return how many tickets intake has accepted."""
        records = await self.client.read([topics.ACCEPTED])
        return len({record.key for record in records})


@asynccontextmanager
async def city_of(namespace: Namespace, catalogue: tuple[Topic, ...] = CATALOGUE) -> AsyncIterator[City]:
    """Give a city whose services stand on *namespace*."""
    async with Client(namespace.kafka) as client:
        yield City(namespace, client, catalogue)
