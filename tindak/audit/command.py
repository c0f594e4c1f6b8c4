"""``tindak audit``: reads every topic and every database, and prints what is lost or doubled."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from shared import topics
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document
from shared.delivery.ports import TransientError
from shared.policy.topics import load_topics
from shared.process.settings import MongoSettings
from tindak.audit import Check, Finding, audit
from tindak.audit.chain_command import chain_command
from tindak.client.kafka import Client
from tindak.console import ADMIN, no_database, read_settings, say, say_json, wait_for
from tindak.formatting import counted
from tindak.ops.dead_letters import DeadLetter
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
DOCUMENTS_MAX = 1_000_000
UNLESS_ASKED = frozenset({Check.SETTLED, Check.DEAD_LETTERS})


@dataclass(frozen=True, slots=True)
class Examined:
    """What an audit read and found."""

    complaints: int
    events: int
    dead_letters: int
    findings: tuple[Finding, ...]


app = typer.Typer(help="Check that nothing is lost and nothing doubled.")
app.command("chain")(chain_command)


@app.callback(invoke_without_command=True)
def audit_command(
    context: typer.Context,
    settled: Annotated[bool, typer.Option("--settled", help="Clocks and deliveries must have ended, too.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Check that nothing is lost and nothing doubled; exit code 1 if something is.

    What is on its way counts as missing: repeat it when the services have read everything.
    """
    if context.invoked_subcommand is not None:
        return
    checks = set(Check) - UNLESS_ASKED | ({Check.SETTLED} if settled else set())
    examined = wait_for(_audit(checks, timeout))
    if as_json:
        found = [{"check": finding.check.name.lower(), "sentence": finding.sentence} for finding in examined.findings]
        counts = {"complaints": examined.complaints, "events": examined.events, "dead_letters": examined.dead_letters}
        say_json(counts | {"findings": found})
    else:
        say("\n".join(_lines(examined)))
    raise typer.Exit(1 if examined.findings else 0)


async def _audit(checks: Collection[Check], timeout_seconds: float) -> Examined:
    settings = read_settings(timeout_seconds, ADMIN)
    names = [topic.name for topic in load_topics(settings.policy_dir)]
    async with Client(settings.kafka) as client:
        return await examine(client, settings.mongo, names, checks)


async def examine(client: Client, mongo: MongoSettings, names: Sequence[str], checks: Collection[Check]) -> Examined:
    """Return what an audit of the topics with these *names*, and of all documents, finds.

    Raises:
        Failure: Broker or database cannot be asked.
    """
    records = await client.read(names)
    records.sort(key=lambda record: (record.topic, record.partition, record.offset))
    documents = {service: await unfinished(mongo, service) for service in topics.SERVICES}
    found = audit(records, documents, checks=checks)
    submitted = sum(topics.family_of(record.topic) == topics.SUBMITTED for record in records)
    dead = {DeadLetter(record).id for record in records if DeadLetter.is_one(record)}
    return Examined(submitted, len(records), len(dead), tuple(found))


async def unfinished(mongo: MongoSettings, service: str) -> list[Document[Any]]:
    """Return the documents of a service in which something waits: to be published, or for its time.

    Their states are left as they are stored, for only the service itself can read them.
    """
    store: MongoStore[Any] = MongoStore(collection(mongo, service), TypeAdapter(Any), marks=False)
    try:
        pending = await store.pending_before(FOREVER, DOCUMENTS_MAX)
        due = await store.due_before(FOREVER, DOCUMENTS_MAX)
        return list({document.id: document for document in (*pending, *due)}.values())
    except TransientError as error:
        raise no_database(error) from error
    finally:
        store.close()


def _lines(examined: Examined) -> list[str]:
    """Return what was found, for people."""
    read = f"{counted(examined.complaints, 'submission')}, {counted(examined.events, 'record')} read"
    end = counted(len(examined.findings), "fault") if examined.findings else "nothing lost, nothing doubled"
    dead = f"; {counted(examined.dead_letters, 'dead letter')} (`tindak dlq list`)" if examined.dead_letters else ""
    return [*map(str, examined.findings), f"{read}: {end}{dead}."]
