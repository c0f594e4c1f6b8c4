"""A reporter who was erased at intake stays so, whatever their channel, an operator or a crash repeats."""

from typing import Any

import pytest

from services.intake.store import STATE
from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Obstacle
from shared.delivery.vitals import Step
from shared.events import ContactCorrected, ReporterErased
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, event
from tests.component.intake.harness import BODY, SEALER, SUBMITTED, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, dies_after

pytestmark = pytest.mark.component

SITI = {"name": "Siti Rahmawati", "phone": "0812 3456 7890", "email": "siti@example.org"}
FIRST = "0b1a5d0e-0f43-5f2b-8d0c-00000000000a"


def erased(**changes: Any) -> ReporterErased:
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 2, "at": NOON,
    }  # fmt: skip
    return ReporterErased.model_validate(plain | changes)


def erase(harness: ServiceHarness, **changes: Any) -> None:
    harness.publish(topics.REQUESTS, event(erased(**changes)))


def correct(harness: ServiceHarness, name: str = "Sita") -> None:
    sealed, key_id = SEALER.seal(TICKET, b'{"channel":"web","name":"%b"}' % name.encode())
    about = erased().model_dump() | {"reason": "Diminta pelapor.", "sealed": sealed, "key_id": key_id}
    harness.publish(topics.REQUESTS, event(ContactCorrected.model_validate(about)))


def last_contact(harness: ServiceHarness) -> bytes | None:
    """Return what compaction leaves of the ticket's contact."""
    return harness.broker.topic(topics.CONTACTS)[-1].value


def stored(harness: ServiceHarness) -> str:
    document = harness.store.documents[TICKET]
    kept = [one.value for answer in document.applied.values() if answer for one in answer.outgoing]
    return str((STATE.dump_python(document.state, mode="json"), kept, [one.value for one in document.pending]))


async def reported(**changes: Any) -> ServiceHarness:
    harness = ServiceHarness()
    harness.submit(FIRST, reporter=SITI, body=BODY, title="Lampu", **changes)
    await harness.work()
    assert "Lampu" in stored(harness)
    return harness


async def test_nothing_of_the_report_is_kept_and_the_contact_is_a_tombstone() -> None:
    harness = await reported()

    erase(harness)
    await harness.work()

    assert last_contact(harness) is None
    assert harness.broker.topic(topics.CONTACTS)[-1].key == TICKET.encode()
    assert not [word for word in ("Lampu", "Rempoa", "sealed", "fingerprint") if word in stored(harness)]
    assert TRACKING in stored(harness)  # so that no other report ever gets it


@pytest.mark.parametrize(
    "repeat",
    [{}, {"id": FIRST}, {"body": "Laporan lain sama sekali, Lampu."}, {"reporter": None}],
    ids=["the same text", "the same event", "another text", "without a reporter"],
)
async def test_no_repeat_undoes_it_and_the_channel_is_told(repeat: dict[str, Any]) -> None:
    harness = await reported()
    erase(harness)
    await harness.work()
    accepted, contacts = len(harness.broker.topic(topics.ACCEPTED)), len(harness.broker.topic(topics.CONTACTS))

    harness.submit(**({"reporter": SITI, "body": BODY, "title": "Lampu"} | repeat))
    await harness.work()

    assert harness.refusals() == [["erased"]]
    [refused] = harness.rejected()
    assert (refused.channel, refused.source_id) == ("web", "1")
    assert all(reason.message_id and reason.message_en for reason in refused.reasons)
    assert len(harness.broker.topic(topics.ACCEPTED)) == accepted
    assert len(harness.broker.topic(topics.CONTACTS)) == contacts
    assert "Lampu" not in stored(harness)


async def test_a_replayed_dead_letter_does_not_undo_it() -> None:
    harness = await reported()
    [record] = harness.broker.topic(SUBMITTED)
    erase(harness)
    await harness.work()

    letter = dead_letter("intake", record, "bug", "KeyError", NOON, None)
    harness.broker.append(topics.replay_topic("intake"), record.key, letter.value, letter.headers)
    await harness.work()

    assert harness.refusals() == [["erased"]]
    assert last_contact(harness) is None


async def test_a_part_erases_the_reporter_of_the_whole() -> None:
    harness = await reported()

    erase(harness, ticket_id=part_id(TICKET, 1), parent=TICKET, part=1)
    await harness.work()

    assert last_contact(harness) is None


async def test_another_report_of_the_same_channel_is_taken() -> None:
    harness = await reported()
    erase(harness)

    harness.submit(source_id="2", body=BODY)
    await harness.work()

    assert len(harness.accepted()) == 2


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_at_any_step_leads_to_the_same_end(last: Step) -> None:
    harness = ServiceHarness()
    harness.submit(FIRST, reporter=SITI, body=BODY, title="Lampu")
    erase(harness)
    for _ in range(2):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()
    await harness.work()
    harness.submit(reporter=SITI, body=BODY, title="Lampu")
    await harness.work()
    harness.clock.at += harness.relay.after
    await harness.relay.relay()

    assert len(harness.accepted()) == 1
    assert harness.refusals()[-1] == ["erased"]
    assert last_contact(harness) is None
    assert "Lampu" not in stored(harness)


async def test_what_its_topic_holds_back_is_said_in_the_end_and_the_tombstone_is_the_last_word() -> None:
    harness = ServiceHarness()
    harness.broker.refused = {topics.CONTACTS: Obstacle.MISSING, topics.answers_topic("web"): Obstacle.MISSING}
    harness.submit(FIRST, reporter=SITI, body=BODY, title="Lampu")
    await harness.work()
    erase(harness)
    await harness.work()

    harness.broker.refused = {}
    harness.clock.at += harness.relay.after
    await harness.relay.relay()

    assert [record.value for record in harness.broker.topic(topics.CONTACTS)] == [None]
    assert len(harness.answers()) == 1
    assert "Lampu" not in stored(harness)


async def test_a_corrected_contact_takes_the_place_of_the_first_for_good() -> None:
    harness = await reported()
    correct(harness)
    await harness.work()

    harness.submit(reporter=SITI, body=BODY, title="Lampu")
    await harness.work()

    assert [contact.name for contact in harness.contacts()] == ["Siti Rahmawati", "Sita"]


async def test_the_contact_of_a_report_that_is_forgotten_by_now_is_corrected_too() -> None:
    harness = ServiceHarness()
    correct(harness)

    await harness.work()

    assert [contact.name for contact in harness.contacts()] == ["Sita"]
    assert harness.store.documents == {}


async def test_whom_nobody_knows_any_more_nobody_corrects() -> None:
    harness = await reported()
    erase(harness)
    correct(harness)

    await harness.work()

    assert last_contact(harness) is None
