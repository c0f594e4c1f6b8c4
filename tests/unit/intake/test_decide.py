"""Every submission gets exactly one answer, and the same one whenever it comes again."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.decide import Secrets, decide, refuse_unreadable
from services.intake.domain.refusals import SOURCE_ID_CONFLICT
from services.intake.domain.report import accepted
from services.intake.domain.state import State, Taken, fingerprint
from shared import topics
from shared.events import (
    Applied,
    Arrival,
    ComplaintAccepted,
    ComplaintRejected,
    ComplaintSubmitted,
    ContactSealed,
    Decision,
    Fact,
    Locale,
    Origin,
    Reason,
    Replayed,
    Untracked,
)
from tests.builders import IDS, TICKET, TRACKING, event, submitted
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import RULES, arrival

pytestmark = pytest.mark.unit

ID = "11111111-1111-5111-8111-111111111111"
OTHER_ID = "22222222-2222-5222-8222-222222222222"
REPORT = submitted()
TAKEN = Taken(
    tracking_id=TRACKING, fingerprint=fingerprint(REPORT.title, REPORT.body), event_id=ID, submitted_at=NOON,
    accepted_at=NOON, title=REPORT.title, body=REPORT.body,
)  # fmt: skip
ORIGIN = Origin(partition=2, offset=7, sha256="5a")
TOO_OLD = timedelta(days=31)


def seal(ticket: str, report: ComplaintSubmitted) -> ContactSealed:
    """Return a sealed contact that shows what was sealed."""
    return ContactSealed(ticket_id=ticket, sealed=str(report.reporter), locale=Locale.INDONESIAN, key_id="k")


def decided(
    state: State | None = None, event_id: str = ID, came: Arrival | None = None, **changes: Any
) -> Decision[State]:
    """Return what is decided on the plain report with these changes."""
    report, secrets = submitted(**changes), Secrets(IDS, ("k1",), seal)
    came = came or arrival(channel=report.channel)
    return decide(state, event(report, id=event_id), came, RULES, secrets=secrets)


def told(report: ComplaintAccepted) -> tuple[Fact, ...]:
    """Return the acceptance as the services and the report's channel hear it."""
    answer = Fact(report, topics.answers_topic(report.channel), report.source_id, at=NOON)
    return Fact(report, topics.ACCEPTED, TICKET, at=NOON), answer


def rejected(*reasons: Reason, at: Any = NOON, channel: str = "web", source_id: str | None = "1") -> Fact:
    data = ComplaintRejected(channel=channel, source_id=source_id, reasons=reasons, origin=ORIGIN)
    return Fact(data, topics.answers_topic(channel), source_id or "", at=at)


def test_good_report_is_accepted_and_remembered() -> None:
    assert decided() == Applied(TAKEN, told(accepted(TICKET, REPORT, arrival(), RULES)))


def test_known_reporter_is_sealed_beside_it() -> None:
    who = {"email": "siti@example.org"}

    decision = decided(reporter=who, anonymous=True)

    report = submitted(reporter=who, anonymous=True)
    assert decision == Applied(
        TAKEN,
        (
            *told(accepted(TICKET, report, arrival(), RULES)),
            Fact(seal(TICKET, report), topics.CONTACTS, TICKET, at=NOON),
        ),
    )


@pytest.mark.parametrize("reporter", [None, {}, {"locale": "en", "preferred_channel": "email"}, {"name": " "}])
def test_reporter_who_is_nobody_is_not_sealed(reporter: Any) -> None:
    assert topics.CONTACTS not in [fact.topic for fact in decided(reporter=reporter).facts]


@pytest.mark.parametrize(
    ("who", "is_known"),
    [
        ({"reporter": None}, False),
        ({"reporter": {"locale": "en"}}, False),
        ({"reporter": {"name": "Siti"}}, True),
        ({"reporter_sealed": {"sealed": base64.b64encode(bytes(49)).decode(), "key_id": "k1"}}, True),
    ],
)
def test_report_says_whether_a_contact_comes_beside_it(who: dict[str, Any], is_known: bool) -> None:
    facts = decided(**who).facts

    assert [fact.data.has_contact for fact in facts if isinstance(fact.data, ComplaintAccepted)] == [is_known] * 2
    assert (topics.CONTACTS in [fact.topic for fact in facts]) is is_known


def test_text_is_remembered_as_it_was_written() -> None:
    body = "NIK saya 3674014101900001, KTP belum jadi di Ciputat."

    decision = decided(body=body)

    assert isinstance(decision.state, Taken)
    assert decision.state.body == body


@pytest.mark.parametrize("event_id", [ID, OTHER_ID])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": f"  {REPORT.body.replace(' ', '  ')}\n"},
        {"location": {"kelurahan": "Rempoa"}, "reporter": {"name": "Siti"}},
        {"submitted_at": NOON - TOO_OLD},
    ],
)
def test_repeat_of_a_taken_report_gets_the_first_answer(event_id: str, changes: dict[str, Any]) -> None:
    assert decided(TAKEN, event_id, **changes) == Replayed(ID)


@pytest.mark.parametrize("changes", [{"body": "Lampu jalan mati di Ciputat."}, {"title": "Lain"}, {"title": None}])
def test_other_text_under_a_taken_id_is_a_conflict(changes: dict[str, Any]) -> None:
    assert decided(TAKEN, OTHER_ID, **changes) == Untracked((rejected(SOURCE_ID_CONFLICT),))


def test_channel_that_is_none_repeats_nothing() -> None:
    """`web|1` and `2` lead to the ticket of `web` and `1|2`."""
    (fact,) = decided(TAKEN, OTHER_ID, channel="web|1").facts

    assert isinstance(fact.data, ComplaintRejected)
    assert [reason.code for reason in fact.data.reasons] == ["unknown_channel"]


def test_conflict_names_the_field_in_both_languages() -> None:
    assert SOURCE_ID_CONFLICT.field == "source_id"
    assert "source_id baru" in SOURCE_ID_CONFLICT.message_id
    assert "another text" in SOURCE_ID_CONFLICT.message_en


@pytest.mark.parametrize("state", [None, TAKEN])
def test_refused_report_is_refused_the_same_before_and_after_its_id_was_taken(state: State | None) -> None:
    """After a crash the refused one may be handled again when a corrected one has been taken."""
    decision = decided(state, OTHER_ID, title=None, body="...")

    empty = Reason(code="empty", field="body", message_id="Isi laporan kosong.", message_en="The report has no text.")
    assert decision == Untracked((rejected(empty),))


def test_refusal_depends_on_the_arrival_and_never_on_the_moment() -> None:
    came = arrival(TOO_OLD)
    later = arrival(TOO_OLD, now=NOON + timedelta(days=90))

    assert decided(came=came) == decided(came=later)
    assert [fact.at for fact in decided(came=came).facts] == [NOON + TOO_OLD]


MALFORMED = Reason(code="malformed", message_id="Bukan JSON.", message_en="Not JSON.")


def test_unreadable_record_is_refused_where_it_lies() -> None:
    said = refuse_unreadable([MALFORMED], None, None, arrival(channel="whatsapp"), RULES)

    assert said == Untracked((rejected(MALFORMED, channel="whatsapp", source_id=None),))


def test_unreadable_record_is_refused_to_the_channel_of_its_topic_whoever_it_names() -> None:
    said = refuse_unreadable([MALFORMED], "whatsapp", "1", arrival(), RULES)

    assert said == Untracked((rejected(MALFORMED),))


@pytest.mark.parametrize(("named", "told"), [("web", [topics.answers_topic("web")]), ("wap", []), (None, [])])
def test_unreadable_record_on_a_topic_that_all_share_is_refused_to_whom_it_names(
    named: str | None, told: list[str]
) -> None:
    shared = arrival(topic=topics.SUBMITTED)

    assert [fact.topic for fact in refuse_unreadable([MALFORMED], named, "1", shared, RULES).facts] == told


def test_refusal_covers_the_reporters_own_number_in_the_source_id() -> None:
    reporter = {"phone": "0812-3456-7890"}

    decision = decided(channel="whatsapp", source_id="6281234567890-7", body="...", title=None, reporter=reporter)

    (said,) = decision.facts
    assert isinstance(said.data, ComplaintRejected)
    assert (said.data.source_id, said.key) == ("[telepon]-7", "[telepon]-7")


def test_refusal_keeps_a_source_id_that_is_a_long_number() -> None:
    (said,) = decided(source_id="1864920745123456789", body="...", title=None).facts

    assert said.key == "1864920745123456789"


def test_unreadable_record_names_nobody_whatever_its_names_are() -> None:
    quoted = Reason(code="malformed", field="081234567890", message_id="Tipe a@b.id.", message_en="Type a@b.id.")

    (said,) = refuse_unreadable([quoted], "siti@example.org", "081234567890", arrival(), RULES).facts

    assert isinstance(said.data, ComplaintRejected)
    shown = Reason(code="malformed", field="[telepon]", message_id="Tipe [email].", message_en="Type [email].")
    assert (said.data.channel, said.data.source_id, said.data.reasons[0]) == ("web", "[telepon]", shown)
    assert "siti" not in said.data.model_dump_json()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Jalan", "rusak"), ("Jalan", "rusak"), True),
        ((None, "rusak"), ("", "rusak"), True),
        (("Jalan ", "rusak\n\nparah"), (" Jalan", "rusak parah"), True),
        (("Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "x"), ("Cafe\N{COMBINING ACUTE ACCENT}", "x"), True),
        (("Jalan", "rusak"), ("jalan", "rusak"), False),
        (("Jalan", "rusak"), ("Jalan rusak", ""), False),
        (("Jalan", "rusak"), (None, "Jalan rusak"), False),
        (("Jalan", "rusak"), ("Jalan", "rusak."), False),
    ],
)
def test_fingerprint_distinguishes_texts_but_not_their_spacing(
    one: tuple[str | None, str], other: tuple[str | None, str], same: bool
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) is same
