from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.decide import decide
from services.routing.domain.ticket.refusals import ERASED, ERASED_BEFORE, KEY_ID_IS_NO_CODE, UPDATES_MAX
from services.routing.domain.ticket.state import Awaited, Filed, Held, PartKnown, ReporterView
from services.routing.store import STATE
from shared.events import (
    Applied,
    Attachment,
    Author,
    Decision,
    HoldReason,
    HoldTicket,
    Location,
    PartOpened,
    ReporterErased,
    ReporterForgotten,
    SimilarTicket,
    Tenure,
)
from shared.ids import part_id
from shared.topics import LINKS, REQUESTS, TICKETS
from tests.builders import TICKET, TRACKING, accepted, arrival, event, updates_topic_of
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS, PUBLIC_KEY, sender_for
from tests.unit.routing.samples import (
    CHANNEL,
    DISHUB,
    POLICY,
    PRIVACY,
    SITUATIONS,
    author,
    filed,
    refusal_of,
    report,
    said,
    why,
)

pytestmark = pytest.mark.unit

PART = part_id(TICKET, 1)
BY = author(PRIVACY)
WORDS = ("Siti", "Melati", "berlubang", "0812", "foto", "PX-1", "Mawar")
WRITTEN = filed(
    Held("dishub", SITUATIONS["acknowledged"].stage, HoldReason.NEEDS_REPORTER, "Ibu Siti, di mana?"),
    report=report(
        title="Jalan berlubang",
        body="Saya Siti, 0812.",
        location=Location(
            text="Jalan Melati 5", kelurahan="Ciputat", kecamatan="Ciputat", latitude=-6.3, longitude=106.7
        ),
        attachments=(Attachment(uri="https://files.example/foto-siti.jpg", media_type="image/jpeg"),),
    ),
    stays=(Tenure(agency="dlh", since=NOON, until=NOON, declined_because="Ibu Mawar salah alamat."),),
    similar=(SimilarTicket(tracking_id=TRACKING, score=0.5),),
    view=ReporterView(note="Ibu Siti ditelepon.", answer="Ibu Siti benar.", final=False, reason_id="Urusan PLN."),
    source_id="PX-1",
)


def told(state: Filed | Awaited | None, name: str) -> Decision[Any]:
    """Return what comes of the command of that name, told by who may."""
    by = sender_for(name)
    heard = event(COMMANDS[name], source=by, at=NOON)
    return decide(state, heard, arrival(NOON, updates_topic_of(by)), POLICY)


def erased(state: Filed = WRITTEN) -> Filed:
    after = told(state, "erase").state
    assert isinstance(after, Filed)
    return after


def stored(state: Filed) -> str:
    return str(STATE.dump_python(state, mode="json"))


def test_erasing_leaves_where_the_ticket_stands_and_nothing_that_was_written() -> None:
    assert all(word in stored(WRITTEN) for word in WORDS)

    after = erased()

    assert [word for word in WORDS if word in stored(after)] == []
    assert (after.ticket.id, after.ticket.tracking_id, after.ticket.erased) == (TICKET, TRACKING, True)
    assert after.ticket.report.location == Location(kelurahan="Ciputat", kecamatan="Ciputat")
    assert after.ticket.view == ReporterView(final=False, reason_id="Urusan PLN.")
    assert after.situation == replace(WRITTEN.situation, question=None)


def test_the_erasure_is_confirmed_by_a_fact_without_content() -> None:
    decision = told(WRITTEN, "erase")

    assert isinstance(decision, Applied)
    assert decision.erases
    fact = ReporterErased(
        ticket_id=TICKET, tracking_id=TRACKING, state="held", version=2, at=NOON, agency="dishub", by=BY
    )
    assert said(decision) == [fact]
    assert said(decision, REQUESTS) == [fact]
    assert [one.key for one in decision.facts] == [TICKET, TICKET]


def test_erasing_again_changes_nothing() -> None:
    again = told(erased(), "erase")

    assert why(again) == ERASED_BEFORE
    assert isinstance(again, Applied)
    assert not again.erases


@pytest.mark.parametrize("name", ["reply", "confirm", "dispute", "withdraw", "export", "correct"])
@pytest.mark.parametrize("situation", ["routed", "answered", "held_for_reporter"])
def test_nobody_speaks_to_or_for_a_reporter_who_was_erased(name: str, situation: str) -> None:
    assert why(told(erased(filed(situation)), name)) == ERASED


@pytest.mark.parametrize("name", ["progress", "answer", "decline", "hold"])
def test_the_agency_goes_on_and_nothing_of_what_it_writes_is_kept_or_told_to_the_channel(name: str) -> None:
    before = erased(filed("routed"))

    decision = told(before, name)

    assert isinstance(decision.state, Filed)
    written = COMMANDS[name].model_dump(mode="json", include={"note", "answer", "reason", "question"}).values()
    texts = [text for text in written if " " in str(text) or "." in str(text)]
    assert texts
    assert not [text for text in texts if text in stored(decision.state)]
    assert not [text for text in texts for one in said(decision, "tickets.status.web") if text in str(one)]


def test_a_hold_for_a_reporter_who_was_erased_asks_nothing() -> None:
    asked = event(HoldTicket(ticket_id=TICKET, reason=HoldReason.NEEDS_REPORTER, question="Di mana?"), source=DISHUB)

    decision = decide(erased(filed("routed")), asked, arrival(NOON, updates_topic_of(DISHUB)), POLICY)

    [status] = said(decision, "tickets.status.web")
    assert (status.state, status.question) == ("held", None)


def test_a_ticket_that_has_had_too_many_updates_can_still_be_erased() -> None:
    full = filed("routed", updates=UPDATES_MAX)

    assert refusal_of(told(full, "export")) == "too_many_updates"
    assert erased(full).ticket.erased


def test_an_erasure_that_comes_before_its_complaint_waits_for_it() -> None:
    waiting = told(None, "erase").state

    assert isinstance(waiting, Awaited)
    assert [early.type for early in waiting.updates] == ["tindak.reporter.erase.v1"]


def test_of_a_reporter_who_was_erased_before_their_report_came_no_word_is_said() -> None:
    waiting = told(told(None, "reply").state, "erase").state
    complaint = accepted(title="Jalan berlubang", body="Saya Siti, 0812.", location=WRITTEN.ticket.report.location)
    decision = decide(waiting, event(complaint), arrival(NOON), POLICY)

    assert isinstance(decision, Applied)
    assert decision.state.ticket.erased
    facts = " ".join(fact.data.model_dump_json() for fact in decision.facts)
    assert not [word for word in (*WORDS, COMMANDS["reply"].text) if word in facts]
    assert [refused.code for refused in said(decision, TICKETS) if hasattr(refused, "code")] == ["erased"]


def test_an_export_tells_the_public_key_to_notify_alone() -> None:
    decision = told(WRITTEN, "export")

    [asked], [public] = said(decision, REQUESTS), said(decision)
    assert (asked.public_key, asked.by, asked.reason) == (PUBLIC_KEY, BY, "Diminta pelapor.")
    assert public == asked.model_copy(update={"public_key": None})


def test_a_correction_tells_what_was_sealed_to_intake_and_notify_alone() -> None:
    decision = told(WRITTEN, "correct")

    [corrected], [public] = said(decision, REQUESTS), said(decision)
    assert (corrected.sealed, corrected.key_id, corrected.by) == ("c2VhbGVk" * 10, "k2", BY)
    assert public == corrected.model_copy(update={"sealed": None, "key_id": None})


def test_a_key_id_that_names_somebody_is_refused() -> None:
    asked = COMMANDS["correct"].model_copy(update={"key_id": "3674015203910007"})

    decision = decide(WRITTEN, event(asked, source=PRIVACY, at=NOON), arrival(NOON, updates_topic_of(PRIVACY)), POLICY)

    assert why(decision) == KEY_ID_IS_NO_CODE
    assert said(decision, REQUESTS) == []


def test_the_whole_tells_every_part_and_asks_intake_and_notify_once() -> None:
    whole = filed("split", parts=(PartKnown(PART), PartKnown(part_id(TICKET, 2))))

    decision = told(whole, "erase")

    assert [(link.ticket_id, link.by) for link in said(decision, LINKS)] == [(PART, BY), (part_id(TICKET, 2), BY)]
    assert len(said(decision, REQUESTS)) == 1


def test_a_part_tells_the_whole_which_alone_asks_intake_and_notify() -> None:
    part = filed("routed", parent=TICKET, part=1, id=PART)

    decision = told(part, "erase")

    assert said(decision, REQUESTS) == []
    assert said(decision, LINKS) == [ReporterForgotten(ticket_id=TICKET, by=BY)]
    whole = filed("split", parts=(PartKnown(PART),))
    heard = decide(whole, event(ReporterForgotten(ticket_id=TICKET, by=BY)), arrival(NOON, LINKS), POLICY)
    assert [fact.by for fact in said(heard, REQUESTS)] == [BY]
    assert isinstance(heard, Applied)
    assert heard.erases


def test_who_hears_of_the_erasure_a_second_time_says_nothing_more() -> None:
    link = event(ReporterForgotten(ticket_id=TICKET, by=BY))

    assert decide(erased(), link, arrival(NOON, LINKS), POLICY).facts == ()


def test_a_part_that_is_opened_after_the_erasure_is_opened_bare() -> None:
    waiting = decide(None, event(ReporterForgotten(ticket_id=PART, by=BY)), arrival(NOON, LINKS), POLICY).state
    opened = PartOpened(
        ticket_id=PART, parent=TICKET, number=1, tracking_id=TRACKING, agency="dishub", reason="Dua masalah.",
        report=WRITTEN.ticket.report, classification="complaint", submitted_at=NOON, accepted_at=NOON,
    )  # fmt: skip

    decision = decide(waiting, event(opened), arrival(NOON, LINKS), POLICY)

    assert isinstance(decision, Applied)
    assert isinstance(decision.state, Filed)
    assert decision.state.ticket.erased
    assert not [word for word in WORDS for fact in decision.facts if word in str(fact.data)]


@pytest.mark.parametrize("name", ["erase", "export", "correct"])
def test_what_an_officer_asks_of_a_part_goes_to_intake_and_notify_under_the_whole(name: str) -> None:
    decision = told(filed("routed", parent=TICKET, part=1, id=PART), name)

    assert {fact.key for fact in decision.facts if fact.topic == REQUESTS} <= {TICKET}
    assert {fact.key for fact in decision.facts if fact.topic == TICKETS} == {PART}


def test_the_author_of_a_reply_is_no_part_of_what_is_left() -> None:
    assert Author(role="channel", code="web") == author(CHANNEL)
