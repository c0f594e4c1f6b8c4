"""``tindak privacy report``: what is held of whom, in which form, how much of it, since when, and until when."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.security import parse_security

from shared import topics
from shared.adapters.kafka.producer import closed, security
from shared.adapters.mongo.client import connect
from shared.adapters.mongo.outages import outages_are_transient
from shared.delivery.ports import TransientError
from shared.policy.retention import Retention, load_retention
from shared.policy.topics import load_topics
from shared.process.settings import CommonSettings, KafkaSettings, MongoSettings
from shared.topics import Topic
from tindak.client.kafka import Client
from tindak.console import ADMIN, Failure, local, no_database, read_settings, say, say_json, wait_for
from tindak.formatting import counted
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.retention.archive import Archive, Settings
from tindak.retention.holdings import ARCHIVE, Form, Holding, of_collections, of_topic

ACCEPTED_AT = {"intake": "state.accepted_at", "routing": "state.ticket.accepted_at", "sla": "state.accepted_at"}


@dataclass(frozen=True, slots=True)
class Held:
    """What one place holds: how many records, since when, and under which keys, by key id."""

    place: str
    what: str
    form: str
    kept: str
    count: int
    oldest: datetime | None = None
    until: datetime | None = None
    keys: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, place: str, holding: Holding, count: int, **more: Any) -> "Held":
        """Return *count* records of a *holding*."""
        return cls(place, holding.what, holding.form.value, holding.kept, count, **more)


app = typer.Typer(name="privacy", help="What is held of whom, and for how long.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the name of the only command."""


@app.command()
def report(timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """Show what each collection, topic and the archive hold of people, how much, since when, and until when.

    Nothing of what is held is shown. As the administrator of both servers: nobody else sees all of it.
    """
    settings = read_settings(timeout, ADMIN)
    held = wait_for(_report(settings))
    if as_json:
        say_json([asdict(each) for each in held])
    else:
        say("\n".join(line for each in held for line in _lines(each)))


async def _report(settings: CommonSettings) -> list[Held]:
    retention = load_retention(settings.policy_dir)
    try:
        stored = await of_database(settings.mongo, retention)
    except TransientError as error:
        raise no_database(error) from error
    published = await of_broker(settings.kafka, load_topics(settings.policy_dir), retention)
    tickets = list(Archive(Settings().archive_dir).tickets())
    oldest = min((datetime.fromisoformat(str(one["ended_at"])) for one in tickets), default=None)
    return [*stored, *published, Held.of("archive", ARCHIVE, len(tickets), oldest=oldest)]


async def of_database(mongo: MongoSettings, retention: Retention) -> list[Held]:
    """Return what each collection holds.

    Raises:
        TransientError: The database cannot be asked.
    """
    found = []
    client = connect(mongo)
    try:
        for (service, name), holding in of_collections(retention).items():
            documents = client[mongo.database_prefix + service][name]
            async with outages_are_transient():
                count = await documents.estimated_document_count()
                oldest = await _oldest(documents, ACCEPTED_AT[service]) if service in ACCEPTED_AT else None
                keys = await _keys(documents) if (service, name) == ("notify", "tickets") else {}
            until = oldest + retention.reports if oldest and service == "intake" else None
            found.append(Held.of(f"{service}.{name}", holding, count, oldest=oldest, until=until, keys=keys))
    finally:
        client.close()
    return found


async def _oldest(documents: Any, path: str) -> datetime | None:
    raw = await documents.find({path: {"$type": "string"}}, {"at": f"${path}"}).sort(path, 1).limit(1).to_list(1)
    return datetime.fromisoformat(raw[0]["at"]) if raw else None


async def _keys(documents: Any) -> Mapping[str, int]:
    """Return how many contacts are sealed under each key."""
    by_key = [
        {"$match": {"state.contact.kind": "sealed"}},
        {"$group": {"_id": "$state.contact.key_id", "count": {"$sum": 1}}},
    ]
    return {raw["_id"]: raw["count"] for raw in await documents.aggregate(by_key).to_list(None)}


async def of_broker(kafka: KafkaSettings, all_topics: Sequence[Topic], retention: Retention) -> list[Held]:
    """Return what each topic holds that holds anything.

    Raises:
        Failure: The broker cannot be asked.
    """
    sizes = await _sizes(kafka, [topic.name for topic in all_topics])
    found = []
    for topic in all_topics:
        count, oldest = sizes.get(topic.name, (0, None))
        if count:
            keys = await _sealed_under(kafka) if topic.name == topics.CONTACTS else {}
            holding = of_topic(topic, retention)
            found.append(Held.of(topic.name, holding, count, oldest=oldest, keys=keys))
    return found


async def _sizes(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, tuple[int, datetime | None]]:
    """Return by topic how many records it holds at most, for compaction leaves gaps, and when the oldest came."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        request_timeout_ms=kafka.request_timeout_ms,
        **parse_security(security(kafka)),
    )
    try:
        await consumer.start()
        there = await consumer.topics()
        await consumer._client.set_topics([kafka.topic_prefix + name for name in names])
        places = {
            TopicPartition(kafka.topic_prefix + name, partition): name
            for name in names
            if kafka.topic_prefix + name in there
            for partition in consumer.partitions_for_topic(kafka.topic_prefix + name) or ()
        }
        begins, ends = await consumer.beginning_offsets(list(places)), await consumer.end_offsets(list(places))
        first = await consumer.offsets_for_times({place: 0 for place in places if ends[place] > begins[place]})
    except KafkaError as error:
        raise Failure(f"Kafka at {kafka.bootstrap_servers} refuses: {type(error).__name__}: {error}") from error
    finally:
        await closed(consumer.stop)
    found: dict[str, tuple[int, datetime | None]] = {}
    for place, name in places.items():
        count, oldest = found.get(name, (0, None))
        at = first.get(place)
        came = None if at is None or at.timestamp < 0 else datetime.fromtimestamp(at.timestamp / 1000, UTC)
        found[name] = count + ends[place] - begins[place], min(filter(None, (oldest, came)), default=None)
    return found


async def _sealed_under(kafka: KafkaSettings) -> Mapping[str, int]:
    """Return how many records of the contacts' topic are sealed under each key; tombstones hold none."""
    async with Client(kafka) as client:
        values = [record.value for record in await client.read([topics.CONTACTS]) if record.value]
    bodies = [orjson.loads(value)["data"] for value in values]
    return dict(Counter(str(data["key_id"]) for data in bodies if "key_id" in data))


def _lines(held: Held) -> Iterable[str]:
    if held.form == Form.NONE.value and not held.count:
        return
    since = f", the oldest of {local(held.oldest)}" if held.oldest else ""
    until = f" (the oldest until {local(held.until)})" if held.until else ""
    keys = ", ".join(f"{key}: {count}" for key, count in sorted(held.keys.items()))
    yield f"{held.place}  {counted(held.count, 'record')}{since}"
    yield f"  {held.what}; {held.form}{f' under {keys}' if keys else ''}"
    yield f"  kept: {held.kept}{until}"
