"""One key, one ticket per report: in parallel, after a restart, and for nobody who does not have the key."""

import pytest

from services.intake.domain.ticket_ids import TicketIds
from services.intake.handlers import IntakeHandler
from services.intake.store import unique
from shared import topics
from shared.ids import tracking_id
from tests.builders import IDS
from tests.component.intake.harness import SEALER, ServiceHarness
from tests.fakes.memory import MemoryStore
from tests.unit.intake.city import RULES

pytestmark = pytest.mark.component

OTHERS = TicketIds(b"the key of somebody else's city.")


async def test_a_restarted_intake_knows_its_tickets_by_the_same_key() -> None:
    first = ServiceHarness()
    first.submit(source_id="1042")
    await first.work()

    again = ServiceHarness(first.store)
    again.submit(source_id="1042")
    await again.work()

    assert [said.ticket_id for said in again.accepted()] == [IDS.of("web", "1042")]
    assert again.accepted() == first.accepted()
    assert len(first.store.documents) == 1


async def test_every_id_that_is_said_follows_from_the_key() -> None:
    harness = ServiceHarness(MemoryStore(unique=unique), IntakeHandler(RULES, OTHERS, SEALER))
    for number in range(1000, 1020):
        harness.submit(source_id=str(number), reporter={"name": "Siti", "email": "siti@example.org"})

    await harness.work()

    tickets = {str(number): OTHERS.of("web", str(number)) for number in range(1000, 1020)}
    assert {said.source_id: said.ticket_id for said in harness.accepted()} == tickets
    assert {said.tracking_id for said in harness.accepted()} == set(map(tracking_id, tickets.values()))
    assert {said.key for said in harness.published(topics.CONTACTS)} == set(tickets.values())
    written = b"".join((record.key or b"") + (record.value or b"") for record in harness.records())
    assert not [number for number in tickets if IDS.of("web", number).encode() in written]
