"""``tindak audit chain``: whether the facts about who opened a contact are all there, as they were said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import typer

from shared import topics
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.outages import outages_are_transient
from shared.delivery.documents.codec import Raw
from shared.delivery.documents.compression import answers_in
from shared.delivery.ports import TransientError
from shared.process.settings import MongoSettings
from tindak.audit.chain import Chains, Head, faults
from tindak.client.kafka import Client
from tindak.console import ADMIN, no_database, read_settings, say, say_json, wait_for
from tindak.formatting import counted
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout

KEPT_FOR = timedelta(days=next(topic.retention_days or 0 for topic in topics.COMMON if topic.name == topics.AUDIT))


@dataclass(frozen=True, slots=True)
class Verified:
    """How many chains and facts were read, and what is wrong with them."""

    chains: int
    facts: int
    faults: tuple[str, ...]


def chain_command(timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """Check that no fact about an opened contact was removed, altered or inserted; exit code 1 if one was.

    The facts on security.audit are held against the end of each ticket's chain, which notify keeps in its collection.
    """
    found = wait_for(_verified(timeout))
    if as_json:
        say_json({"chains": found.chains, "facts": found.facts, "faults": found.faults})
    else:
        said = counted(len(found.faults), "fault") if found.faults else "nothing removed, altered or inserted"
        read = f"{counted(found.facts, 'fact')} in {counted(found.chains, 'chain')} read: {said}."
        say("\n".join([*found.faults, read]))
    raise typer.Exit(1 if found.faults else 0)


async def _verified(timeout_seconds: float) -> Verified:
    settings = read_settings(timeout_seconds, ADMIN)
    async with Client(settings.kafka) as client:
        return await verified(client, settings.mongo, datetime.now(UTC))


async def verified(client: Client, mongo: MongoSettings, now: datetime) -> Verified:
    """Return what is wrong with the chains on the topic.

    Raises:
        Failure: Broker or database cannot be asked.
    """
    before = await heads(mongo)
    records = await client.read([topics.AUDIT])
    after = await heads(mongo)
    chains = Chains.of(sorted(records, key=lambda record: (record.partition, record.offset)))
    found = tuple(faults(chains, before, after, now - KEPT_FOR))
    return Verified(len(chains.links.keys() | after.keys()), sum(map(len, chains.links.values())), found)


async def heads(mongo: MongoSettings) -> Mapping[str, Head]:
    """Return by ticket the end of each chain as notify keeps it, also in documents that are in quarantine.

    Raises:
        Failure: The database cannot be asked.
    """
    documents = collection(mongo, "notify")
    fields = {"state.audit": 1, "pending": 1, "answers": 1}
    try:
        async with outages_are_transient():
            raws = await documents.find({"state.audit.opened_at.0": {"$exists": True}}, fields).to_list(None)
    except TransientError as error:
        raise no_database(error) from error
    finally:
        documents.database.client.close()
    return {raw["_id"]: _head(raw) for raw in raws}


def _head(raw: Raw) -> Head:
    kept, waiting, unreadable = raw["state"]["audit"], frozenset[int](), ""
    try:
        answered = [event for answer in answers_in({"answers": (), **raw}) for event in answer["out"]]
        said = [event for event in (*raw.get("pending", ()), *answered) if event["topic"] == topics.AUDIT]
        waiting = frozenset(orjson.loads(event["value"])["data"]["sequence"] for event in said)
    except (ValueError, KeyError, TypeError) as error:
        unreadable = f"{type(error).__name__} in notify's document"
    return Head(kept["hash"], tuple(datetime.fromisoformat(at) for at in kept["opened_at"]), waiting, unreadable)
