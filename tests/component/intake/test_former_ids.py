"""What release 0.1.0 took is known again after an upgrade, though its ids followed from no key."""

from uuid import uuid5

import pytest

from services.intake.domain.state import State, Taken, fingerprint
from services.intake.handlers import IntakeHandler
from services.intake.store import unique
from shared import topics
from shared.delivery.documents.document import Document
from shared.events import ComplaintAccepted
from shared.ids import NAMESPACE
from tests.builders import IDS, submitted
from tests.component.intake.harness import SEALER, ServiceHarness
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryStore
from tests.unit.intake.city import RULES

pytestmark = pytest.mark.component

REPORT = submitted()
FORMER = str(uuid5(NAMESPACE, "web|1"))  # as release 0.1.0 computed it
TRACKING = "TGDJ-CH3HT-NX"


async def upgraded(*, former_ids: bool = True) -> ServiceHarness:
    """Return intake on a database in which 0.1.0 left one report."""
    store: MemoryStore[State] = MemoryStore(unique=unique)
    taken = Taken(
        tracking_id=TRACKING, fingerprint=fingerprint(REPORT.title, REPORT.body), event_id=FORMER, submitted_at=NOON,
        accepted_at=NOON, title=REPORT.title, body=REPORT.body,
    )  # fmt: skip
    await store.save([Document(FORMER, state=taken)])
    return ServiceHarness(store, IntakeHandler(RULES, IDS, SEALER, store.load if former_ids else None))


async def test_a_repeat_of_what_0_1_0_took_is_told_its_channel_and_is_no_second_ticket() -> None:
    harness = await upgraded()
    harness.submit(reporter={"name": "Siti", "email": "siti@example.org"})

    await harness.work()

    (answer,) = harness.data(topics.answers_topic("web"))
    assert isinstance(answer, ComplaintAccepted)
    assert (answer.ticket_id, answer.tracking_id, answer.accepted_at) == (FORMER, TRACKING, NOON)
    assert (harness.accepted(), harness.contacts()) == ([], [])
    assert harness.store.documents.keys() == {FORMER}


async def test_it_is_answered_with_the_same_event_after_a_redelivery() -> None:
    harness = await upgraded()
    harness.submit()
    await harness.work()

    harness.broker.committed.clear()
    await harness.work()

    first, again = harness.broker.topic(topics.answers_topic("web"))
    assert (first.key, first.value) == (again.key, again.value)


async def test_another_text_under_a_former_source_id_is_refused() -> None:
    harness = await upgraded()
    harness.submit(body="Sampah menumpuk di Rempoa sejak dua minggu.")

    await harness.work()

    assert harness.refusals() == [["source_id_conflict"]]
    assert harness.accepted() == []


async def test_new_reports_get_ids_by_the_key_beside_former_ones() -> None:
    harness = await upgraded()
    for source_id in ("1", "2", "2"):
        harness.submit(source_id=source_id)

    await harness.work()

    assert [said.ticket_id for said in harness.accepted()] == [IDS.of("web", "2")]


async def test_without_the_setting_it_is_a_new_report() -> None:
    harness = await upgraded(former_ids=False)
    harness.submit()

    await harness.work()

    assert [said.ticket_id for said in harness.accepted()] == [IDS.of("web", "1")]
