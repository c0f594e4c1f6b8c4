"""What both collections of intake promise to whoever asks where a report stands."""

import secrets
from collections.abc import AsyncIterator

import pytest

from services.intake.domain.state import Erased, State, Taken
from services.intake.store import INDEXES, STATE, IntakeStore
from shared import topics
from shared.adapters.mongo.client import connect
from shared.delivery.documents.document import Answer, Document
from shared.delivery.outgoing import Cause, outgoing
from shared.events import ContactSealed, Fact, Locale
from tests.builders import TICKET, TRACKING, ticket_id
from tests.contract.conftest import MEMORY, MONGO
from tests.fakes.handler_harness import NOON
from tests.fakes.reports import MemoryReports
from tests.servers.addresses import Namespace

TAKEN = Taken(TRACKING, "5a", "e1", NOON, NOON, None, "Lampu mati")
OTHER, ERASED = "SEZK-FNERA-WV", "BAM1-3YF4J-NR"
STATES: dict[str, State] = {
    TICKET: TAKEN,
    ticket_id("web", "2"): Taken(OTHER, "5b", "e2", NOON, NOON, None, "Jalan rusak"),
    ticket_id("web", "3"): Erased(ERASED),
}


def real_store(namespace: Namespace) -> IntakeStore:
    client = connect(namespace.mongo)
    return IntakeStore(client[f"{namespace.prefix}reports"][secrets.token_hex(4)], STATE, INDEXES)


@pytest.fixture(params=[MEMORY, MONGO])
async def reports(request: pytest.FixtureRequest) -> AsyncIterator[IntakeStore | MemoryReports]:
    if request.param == "memory":
        yield MemoryReports()
        return
    real = real_store(request.getfixturevalue("namespace"))
    await real.prepare()
    yield real
    real.close()


async def test_tickets_are_found_by_tracking_id_but_not_those_of_the_erased(
    reports: IntakeStore | MemoryReports,
) -> None:
    await reports.save([Document(id, state=state) for id, state in STATES.items()])

    assert await reports.tickets_of([TRACKING, ERASED, "0000-00000-00"]) == {TRACKING: TICKET}
    assert await reports.tickets_of([TRACKING, OTHER]) == {TRACKING: TICKET, OTHER: ticket_id("web", "2")}


@pytest.mark.connected
@pytest.mark.every_stack
@pytest.mark.without_topics
async def test_the_database_finds_them_along_its_index(namespace: Namespace) -> None:
    real = real_store(namespace)
    await real.prepare()
    await real.save([Document(TICKET, state=TAKEN)])

    plan = await real.collection.find({"state.tracking_id": {"$in": [TRACKING]}, "state.kind": "taken"}).explain()

    assert "state.tracking_id_1" in str(plan["queryPlanner"]["winningPlan"])
    real.close()


@pytest.mark.connected
@pytest.mark.every_stack
@pytest.mark.without_topics
@pytest.mark.parametrize("is_compressed", [True, False])
async def test_the_contacts_that_documents_keep_are_found_by_the_key_that_they_are_not_sealed_with(
    namespace: Namespace, *, is_compressed: bool
) -> None:
    real = real_store(namespace)
    real.codec.compresses_outbox = is_compressed
    contact = ContactSealed(ticket_id=TICKET, sealed="x", locale=Locale.INDONESIAN, key_id="old")
    said = outgoing("intake", TICKET, Cause(TICKET, None), (Fact(contact, topics.CONTACTS, TICKET),), NOON)
    keeping = Document(TICKET, state=TAKEN, applied={"e1": Answer(topics.submitted_topic("web"), 0, 0, said)})
    await real.save([keeping, *(Document(id, state=state) for id, state in STATES.items() if id != TICKET)])

    assert [each.id for each in await real.kept_otherwise("new", "", 10)] == [TICKET]
    assert await real.kept_otherwise("old", "", 10) == []
    real.close()
