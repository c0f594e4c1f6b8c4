"""`tindak audit chain` on a real database and broker: what notify has said, and what somebody makes of it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pytest

from services.notify.domain.contact_audit import openings_to_send
from services.notify.domain.correspondence import Correspondence
from services.notify.store import STATE
from shared import topics
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Answer, Document
from shared.delivery.outgoing import Cause, Outgoing, outgoing
from shared.events import link_hash
from tests.builders import TICKET, ticket_id
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY
from tests.unit.notify.samples import delivery
from tindak.cli import main
from tindak.client.kafka import Client

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(180)]

OTHER = ticket_id("web", "2")


def opened(ticket: str) -> tuple[Correspondence, tuple[Outgoing, ...]]:
    """Return what notify keeps and says of a contact that it opens twice."""
    now = datetime.now(UTC)
    state, facts = openings_to_send(Correspondence(ticket), [delivery(id="a"), delivery(id="b")], now)
    return state, outgoing("notify", ticket, Cause(ticket, None), facts, now)


async def keep(namespace: Namespace, *documents: Document[Correspondence]) -> None:
    store = MongoStore(collection(namespace.mongo, "notify"), STATE)
    assert not await store.save(documents)
    store.close()


async def spoil(namespace: Namespace, ticket: str) -> None:
    """Make the answers of a document unreadable."""
    documents = collection(namespace.mongo, "notify")
    await documents.update_one({"_id": ticket}, {"$set": {"answers": b"spoiled"}})
    documents.database.client.close()


async def say(namespace: Namespace, events: Sequence[Outgoing]) -> None:
    async with Client(namespace.kafka) as client:
        await client.publish(events)


@pytest.fixture(autouse=True)
def environment(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**namespace.environment, "TINDAK_POLICY_DIR": str(POLICY)}.items():
        monkeypatch.setenv(name, value)


def test_what_was_said_is_whole_until_somebody_removes_or_inserts_a_fact(
    namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    first, said = opened(TICKET)
    other, of_other = opened(OTHER)
    waiting = Document(OTHER, state=other, pending=of_other[1:], pending_at=datetime.now(UTC))
    answering, unsaid = opened(ticket_id("web", "4"))
    answers = {"event": Answer(topics.TICKETS, 0, 0, unsaid)}
    kept = Document(answering.ticket_id, state=answering, applied=answers)
    asyncio.run(keep(namespace, Document(TICKET, state=first), waiting, kept))
    asyncio.run(say(namespace, [*said, said[0], of_other[0]]))

    assert main(["audit", "chain"]) == 0
    assert capsys.readouterr().out == "3 facts in 3 chains read: nothing removed, altered or inserted.\n"

    body = orjson.loads(said[1].value or b"")
    body["data"]["by"] = {"role": "officer", "code": "somebody"}
    body["data"]["hash"] = link_hash(body["data"])
    forged = Outgoing(said[1].id, topics.AUDIT, TICKET, orjson.dumps(body))
    third, lost = opened(ticket_id("web", "3"))
    asyncio.run(keep(namespace, Document(third.ticket_id, state=third)))
    asyncio.run(say(namespace, [forged, lost[0]]))

    asyncio.run(spoil(namespace, kept.id))
    assert main(["audit", "chain", "--json"]) == 1
    found = orjson.loads(capsys.readouterr().out)
    assert (found["chains"], found["facts"]) == (4, 5)
    assert [fault.split(" at ")[0] for fault in found["faults"] if "inserted" in fault] == [
        f"fact 2 of ticket {TICKET}"
    ]
    assert [fault.split(";")[0] for fault in found["faults"] if "removed" in fault] == [
        f"fact 2 of ticket {third.ticket_id} was removed"
    ]
    unreadable = f"what waits to be said of ticket {kept.id} cannot be read: ValueError in notify's document"
    assert [fault for fault in found["faults"] if "cannot be read" in fault] == [unreadable]
    assert len(found["faults"]) == 3
