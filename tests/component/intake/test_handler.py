from hashlib import sha256
from typing import Any

import pytest

from services.intake.domain.state import Taken
from services.intake.handlers import IntakeHandler
from services.intake.store import unique
from shared import topics
from shared.delivery.vitals import Step
from shared.events import Locale, Origin
from shared.ids import tracking_id
from shared.seal import Contact
from tests.builders import IDS, TICKET, TRACKING, accepted, event, ticket_id
from tests.component.intake.harness import ANSWERS, SEALER, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, dies_after
from tests.fakes.memory import MemoryStore
from tests.unit.intake.city import RULES

pytestmark = pytest.mark.component

ID = "11111111-1111-5111-8111-111111111111"
OTHER_TEXT = "Sampah menumpuk di Rempoa sejak dua minggu."
SITI = {
    "name": "Siti Nur Aisyah", "phone": "+62 812-3456-7890", "email": "Siti.Nur@example.org",
    "national_id": "3674014101900001", "locale": "en", "preferred_channel": "email",
}  # fmt: skip


async def test_a_good_report_is_accepted_on_its_topic() -> None:
    harness = ServiceHarness()
    harness.submit()

    await harness.work()

    (said,) = harness.published(topics.ACCEPTED)
    assert (said.key, said.subject, said.time, said.source) == (TICKET, TICKET, NOON, "/tindak/intake")
    assert harness.accepted() == [accepted(location={"kecamatan": "Ciputat"}, has_contact=False)]
    assert harness.rejected() == []


@pytest.mark.parametrize("anonymous", [False, True])
async def test_the_reporter_goes_out_sealed_for_notify(anonymous: bool) -> None:
    harness = ServiceHarness()
    harness.submit(reporter=SITI, anonymous=anonymous)

    await harness.work()

    assert [said.key for said in harness.published(topics.CONTACTS)] == [TICKET]
    assert harness.contacts() == [Contact(channel="web", **{**SITI, "locale": Locale.ENGLISH})]


async def test_white_space_around_an_email_address_is_taken_away() -> None:
    harness = ServiceHarness()
    harness.submit(reporter={"email": " siti@example.org "})

    await harness.work()

    assert [contact.email for contact in harness.contacts()] == ["siti@example.org"]


async def test_a_reporter_without_a_language_is_answered_in_indonesian() -> None:
    harness = ServiceHarness()
    harness.submit(reporter={"email": "siti@example.org"})

    await harness.work()

    assert [contact.locale for contact in harness.contacts()] == [Locale.INDONESIAN]


async def test_the_same_message_twice_changes_nothing() -> None:
    harness = ServiceHarness()
    harness.submit(ID)
    await harness.work()
    document = harness.store.documents[TICKET]

    harness.submit(ID)
    await harness.work()

    assert harness.store.documents[TICKET] == document
    first, again = harness.broker.topic(topics.ACCEPTED)
    assert (again.key, again.value) == (first.key, first.value)


async def test_a_repeat_under_another_event_id_gets_the_first_answer_byte_for_byte() -> None:
    harness = ServiceHarness()
    harness.submit(reporter=SITI)
    await harness.work()

    harness.submit(reporter={"name": "Somebody else"}, location={"kelurahan": "Rempoa"})
    await harness.work()

    first, again = harness.broker.topic(topics.ACCEPTED)
    assert again.value == first.value
    # A contact is sealed once: a repeat that comes late must not take the place of a later word.
    assert len(harness.broker.topic(topics.CONTACTS)) == 1


async def test_repeats_in_one_batch_are_one_ticket() -> None:
    harness = ServiceHarness()
    for _ in range(3):
        harness.submit()

    await harness.work()

    assert len(harness.accepted()) == 1
    assert len({record.value for record in harness.broker.topic(topics.ACCEPTED)}) == 1
    assert harness.rejected() == []


async def test_another_text_under_the_same_id_is_refused_in_one_batch_too() -> None:
    harness = ServiceHarness()
    harness.submit()
    harness.submit(body=OTHER_TEXT)
    harness.submit()

    await harness.work()

    assert len(harness.accepted()) == 1
    assert harness.refusals() == [["source_id_conflict"]]
    assert [said.key for said in harness.published(ANSWERS)] == ["1", "1"]


async def test_a_corrected_report_may_use_its_id_again() -> None:
    harness = ServiceHarness()
    harness.submit(title=None, body="...")
    harness.submit()

    await harness.work()

    assert harness.refusals() == [["empty"]]
    assert len(harness.accepted()) == 1


async def test_a_refused_report_leaves_no_document() -> None:
    harness = ServiceHarness()
    harness.submit(channel="fax")

    await harness.work()

    assert harness.store.documents == {}
    assert harness.refusals() == [["unknown_channel"]]


async def test_one_event_id_for_two_reports_gets_two_answers() -> None:
    """A channel that numbers its events wrongly must not lose a report."""
    harness = ServiceHarness()
    harness.submit(ID, source_id="1")
    harness.submit(ID, source_id="2")

    await harness.work()

    assert {report.source_id for report in harness.accepted()} == {"1", "2"}


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_after_any_step_still_answers_each_once(last: Step) -> None:
    harness = ServiceHarness()
    harness.submit(reporter=SITI)
    harness.submit(source_id="2", title=None, body="...")
    harness.restart(observe=dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()

    harness.restart()
    await harness.work()

    assert len(harness.accepted()) == 1
    assert harness.refusals() == [["empty"]]
    said = {topic: {record.value for record in harness.broker.topic(topic)} for topic, _ in harness.broker.logs}
    assert [len(said[topic]) for topic in (topics.ACCEPTED, topics.CONTACTS, ANSWERS)] == [1, 1, 2]


async def test_a_refusal_handled_again_later_has_the_same_bytes() -> None:
    harness = ServiceHarness()
    harness.submit(title=None, body="...")
    harness.type_in(b"garbage")
    await harness.work()
    first = {record.value for record in harness.broker.topic(ANSWERS)}

    harness.broker.committed.clear()
    harness.clock.at = NOON.replace(year=2027)
    await harness.work()

    assert len(harness.broker.topic(ANSWERS)) == 4
    assert {record.value for record in harness.broker.topic(ANSWERS)} == first


async def test_a_taken_tracking_id_is_given_to_nobody_else() -> None:
    """Fifty bits are unlikely to meet; here the first symbol counts alone, so that they do."""
    other = next(n for n in map(str, range(2, 2000)) if tracking_id(ticket_id("web", n))[0] == TRACKING[0])
    harness = ServiceHarness(MemoryStore(unique=lambda state: unique(state)[0]))
    harness.submit()
    harness.submit(source_id=other)

    await harness.work()

    given = {report.source_id: report.tracking_id for report in harness.accepted()}
    attempts = [tracking_id(ticket_id("web", other), attempt) for attempt in range(20)]
    assert given["1"] == TRACKING
    assert given[other] == next(attempt for attempt in attempts if attempt[0] != TRACKING[0])


async def test_a_malformed_message_is_refused_and_the_next_one_is_handled() -> None:
    harness = ServiceHarness()
    harness.type_in(b"not JSON")
    harness.submit()

    await harness.work()

    (refused,) = harness.rejected()
    assert refused.origin == Origin(partition=0, offset=0, sha256=sha256(b"not JSON").hexdigest())
    assert len(harness.accepted()) == 1
    assert harness.broker.topic(topics.dead_letter_topic("intake")) == []


async def test_the_written_text_is_remembered_in_intake_alone() -> None:
    harness = ServiceHarness()
    body = "Hub 081234567890, lampu mati di Rempoa."
    harness.submit(body=body)

    await harness.work()

    state = harness.store.documents[TICKET].state
    assert isinstance(state, Taken)
    assert state.body == body
    assert [report.body for report in harness.accepted()] == ["Hub [telepon], lampu mati di Rempoa."]


async def test_no_planted_identity_is_found_in_anything_but_the_seal() -> None:
    harness = ServiceHarness()
    typed = "Saya Siti Nur Aisyah, NIK 3674 0141 0190 0001, HP 0812-3456-7890, siti.nur@example.org, di Rempoa."
    everywhere: dict[str, Any] = {
        "title": typed, "body": typed, "reporter": SITI, "category": "Siti Nur Aisyah", "follow_up_of": "081234567890",
        "location": {"text": typed, "kelurahan": "Siti Nur Aisyah", "kecamatan": "0812 3456 7890"},
        "target_agency": "siti.nur@example.org",
        "attachments": [{"uri": "https://example.org/3674014101900001.jpg", "media_type": "image/jpeg"}],
    }  # fmt: skip
    harness.submit(**everywhere)
    harness.submit(source_id="2", **everywhere, occurred_on="2027-01-01")
    harness.submit(source_id="3", **everywhere | {"title": "081234567890" * 16, "body": "..."})
    harness.type_in(typed.encode())
    harness.type_in(f'{{"{typed}": 1'.encode())

    await harness.work()

    assert (len(harness.accepted()), len(harness.rejected())) == (1, 4)
    for record in harness.records():
        shown = f"{record.key!r} {record.value!r} {record.headers!r}".casefold()
        for planted in ("siti", "aisyah", "3674", "0190", "8123456", "3456", "example.org"):
            assert planted not in shown, record.topic


def test_an_event_that_is_no_submission_is_a_bug_of_ours() -> None:
    handler = IntakeHandler(RULES, IDS, SEALER)

    with pytest.raises(TypeError, match=r"tindak\.complaint\.accepted\.v1 is no submission"):
        handler.key_of(event(accepted()))


def test_intake_documents_never_become_due() -> None:
    state = Taken(TRACKING, "5a", ID, NOON, NOON, None, "x")

    assert IntakeHandler(RULES, IDS, SEALER).due_at(state) is None
