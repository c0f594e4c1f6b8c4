from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.routing.domain.decide import decide
from services.routing.domain.lifecycle.status import due_times
from services.routing.domain.ticket.state import DueClock, Filed, ReporterView, State
from shared.events import (
    AnswerPassedOn,
    ArchiveTicket,
    Arrival,
    ClockMet,
    ClockPaused,
    ClockStarted,
    ClockWarned,
    Decision,
    DueChanged,
    EventData,
    FeedbackWindowExpired,
    HoldReason,
    HoldTicket,
    SlaClock,
    TicketStatusChanged,
)
from tests.builders import TICKET, TRACKING, accepted, event, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS, sender_for
from tests.unit.routing.samples import CHANNEL, DISHUB, LATER, POLICY, SITUATIONS, filed, report, said

pytestmark = pytest.mark.unit

WEB = "tickets.status.web"
DUE_AT = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
RESPOND, RESOLVE = DueClock(1, LATER, "dishub"), DueClock(1, DUE_AT, "dishub")
WITH_CLOCKS = {"respond": RESPOND, "resolve": RESOLVE}
SHOWN_BY = {
    "acknowledge", "progress", "answer", "answer_partly", "decline", "hold", "assign", "divide", "archive", "withdraw",
}  # fmt: skip


def heard(state: State | None, data: EventData, source: str = DISHUB, at: datetime = NOON) -> Decision[State]:
    arrival = Arrival("tickets.updates", 0, 0, arrived_at=LATER, now=LATER)
    return decide(state, event(data, at=at, source=source), arrival, POLICY)


def status(decision: Decision[State], topic: str = WEB) -> TicketStatusChanged:
    (told,) = said(decision, topic)
    assert isinstance(told, TicketStatusChanged)
    return told


def asked(state: Filed, name: str) -> TicketStatusChanged:
    return status(heard(state, COMMANDS[name], sender_for(name)))


def test_a_new_report_is_told_of_in_full() -> None:
    decision = heard(None, accepted(title="", body="Lampu jalan mati"))

    assert said(decision, WEB) == [
        TicketStatusChanged(
            ticket_id=TICKET, tracking_id=TRACKING, source_id="1", version=1, at=LATER, state="routed",
            state_id="diteruskan ke instansi", state_en="passed on to an agency", agency="dishub",
            agency_name="Dinas Perhubungan", rating_wanted=False,
            message_id=f"Laporan {TRACKING} sudah diteruskan ke Dinas Perhubungan.",
            message_en=f"Report {TRACKING} has been passed on to Dinas Perhubungan.",
        )
    ]  # fmt: skip
    assert [(fact.key, fact.at) for fact in decision.facts if fact.topic == WEB] == [(TICKET, LATER)]


def test_the_channel_of_the_report_is_told_and_no_other() -> None:
    state = filed(report=report(channel="sms_1708"))

    decision = heard(state, COMMANDS["acknowledge"])

    assert status(decision, "tickets.status.sms_1708").state == "acknowledged"
    assert said(decision, WEB) == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_channel_hears_of_what_its_reporter_should_see(name: str) -> None:
    told = said(heard(filed("routed", members=(ticket_id("web", "9"),)), COMMANDS[name], sender_for(name)), WEB)

    assert sum(isinstance(data, TicketStatusChanged) for data in told) == (name in SHOWN_BY)


@pytest.mark.parametrize("situation", sorted(SITUATIONS))
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_status_says_where_the_ticket_stands_after_the_decision(situation: str, name: str) -> None:
    decision = heard(filed(situation), COMMANDS[name], sender_for(name))

    for told in said(decision, WEB):
        last = said(decision)[-1]
        assert (told.state, told.version, told.at, told.agency) == (last.state, last.version, last.at, last.agency)


def test_what_only_agencies_and_officers_may_know_is_not_told() -> None:
    declined = heard(filed(), COMMANDS["decline"])

    text = status(declined).model_dump_json()
    assert "Bukan wewenang" not in text
    assert not {"explanation", "confidence", "report", "decided_by", "stays", "suggestions"} & set(
        TicketStatusChanged.model_fields
    )


def test_what_the_reporter_is_asked_is_told_while_the_ticket_waits_for_it() -> None:
    waiting = asked(filed(), "hold")
    resumed = asked(filed("held_for_reporter"), "reply")

    told = [(data.state, data.question, data.rating_wanted) for data in (waiting, resumed)]
    assert told == [("held", "Di mana?", False), ("acknowledged", None, False)]


def test_a_question_to_another_agency_is_not_told() -> None:
    hold = HoldTicket(ticket_id=TICKET, reason=HoldReason.NEEDS_OTHER_AGENCY, question="Kapan PLN datang?")

    assert status(heard(filed(), hold)).question is None


@pytest.mark.parametrize(
    ("name", "state", "final"), [("answer", "answered", True), ("answer_partly", "in_progress", False)]
)
def test_an_answer_is_told_and_the_final_one_wants_a_rating(name: str, state: str, final: bool) -> None:
    told = asked(filed(), name)

    answer = COMMANDS[name].answer  # type: ignore[union-attr]
    assert (told.state, told.answer, told.final, told.rating_wanted) == (state, answer, final, final)


def test_an_answer_to_the_leader_that_is_offered_is_told_like_any_other() -> None:
    leader = ticket_id("web", "2")
    passed_on = AnswerPassedOn(ticket_id=TICKET, leader=leader, agency="dishub", answer="Sudah.", final=True)

    told = status(heard(filed(cluster=leader), passed_on))

    assert (told.state, told.answer, told.rating_wanted) == ("answered", "Sudah.", True)


@pytest.mark.parametrize("name", ["confirm", "dispute"])
def test_the_answer_is_still_told_after_the_reporters_word(name: str) -> None:
    state = heard(filed(), COMMANDS["answer"]).state
    assert isinstance(state, Filed)

    told = asked(state, name)

    assert (told.answer, told.final, told.rating_wanted) == ("Selesai.", True, False)


def test_what_an_agency_said_is_not_told_as_the_word_of_the_next_one() -> None:
    view = ReporterView(note="Besok.", answer="Dijadwalkan.", final=False, reason_id="Urusan PLN.", reason_en="PLN's.")

    told = asked(filed(view=view), "assign")

    assert (told.agency, told.note, told.answer, told.final, told.reason_id) == ("dsdabmbk", None, None, None, None)


def test_the_last_note_of_the_agency_is_told_until_there_is_another() -> None:
    state = heard(filed(), COMMANDS["progress"]).state
    assert isinstance(state, Filed)

    assert asked(state, "answer_partly").note == "Dikerjakan."


def test_why_a_matter_is_outside_the_citys_authority_is_told_as_long_as_it_is_there() -> None:
    state = heard(None, accepted(title="", body="Listrik padam")).state
    assert isinstance(state, Filed)

    told = status(heard(state, COMMANDS["acknowledge"], "/agencies/national_admin"))

    assert (told.reason_id, told.reason_en) == ("Listrik urusan PLN.", "Power is PLN's.")


def test_the_reason_for_archiving_is_told() -> None:
    told = status(heard(filed(), ArchiveTicket(ticket_id=TICKET, reason="duplicate"), "/officers/7"))

    assert (told.state, told.reason) == ("archived", "duplicate")
    assert told.message_en.endswith("The same matter is being handled in another report.")


def test_silence_that_closes_the_ticket_is_told() -> None:
    expired = FeedbackWindowExpired(ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.FEEDBACK, due_at=NOON)

    assert status(heard(filed("answered"), expired)).state == "closed"


@pytest.mark.parametrize(("hour", "day"), [(9, 20), (17, 20), (18, 21)])
def test_the_date_is_the_last_one_in_the_citys_zone_on_which_an_answer_is_in_time(hour: int, day: int) -> None:
    """Midnight in Jakarta is 17:00 UTC, and ends the day before."""
    due_at = DUE_AT.replace(hour=hour)

    told = asked(filed(resolve=replace(RESOLVE, due_at=due_at)), "acknowledge")

    assert (told.due_at, told.due_on) == (due_at, date(2026, 3, day))


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ("routed", (LATER, DUE_AT)), ("acknowledged", (LATER, DUE_AT)), ("in_progress", (LATER, DUE_AT)),
        ("reopened", (LATER, DUE_AT)), ("held", (LATER, DUE_AT)), ("in_triage", (None, DUE_AT)),
        ("answered", (None, None)), ("closed_by_reporter", (None, None)), ("archived", (None, None)),
        ("withdrawn", (None, None)), ("split", (None, None)),
    ],
)  # fmt: skip
def test_due_times_are_told_while_the_reporter_waits_for_an_answer(
    situation: str, expected: tuple[datetime | None, datetime | None]
) -> None:
    assert due_times(filed(situation, **WITH_CLOCKS)) == expected


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        ({"respond": RESPOND}, (None, None)),
        ({"resolve": RESOLVE}, (None, DUE_AT)),
        ({"respond": replace(RESPOND, agency="dlh"), "resolve": RESOLVE}, (None, DUE_AT)),
        ({"respond": RESPOND, "resolve": DueClock(1, None)}, (LATER, None)),
        ({"respond": RESPOND, "resolve": DueClock(1, None, ended=True)}, (None, None)),
    ],
    ids=["resolve not heard of", "respond not heard of", "respond of another agency", "stands still", "ended"],
)
def test_a_due_time_is_told_as_far_as_it_is_known(
    clocks: dict[str, DueClock], expected: tuple[datetime | None, datetime | None]
) -> None:
    assert due_times(filed(**clocks)) == expected


@pytest.mark.parametrize(
    ("name", "respond", "resolve"),
    [("answer_partly", True, False), ("answer", True, True), ("decline", True, False), ("assign", True, False)],
)
def test_the_round_that_an_update_ends_counts_as_ended_before_sla_says_so(
    name: str, respond: bool, resolve: bool
) -> None:
    state = heard(filed(**WITH_CLOCKS), COMMANDS[name], sender_for(name)).state

    assert isinstance(state, Filed)
    clocks = state.ticket.respond, state.ticket.resolve
    assert [clock is not None and clock.ended for clock in clocks] == [respond, resolve]


def test_a_dispute_waits_for_the_next_round_of_both_clocks() -> None:
    told = status(heard(filed("answered", **WITH_CLOCKS), COMMANDS["dispute"], CHANNEL))

    assert (told.state, told.due_at, told.respond_due_at) == ("reopened", None, None)


def clock(kind: type[Any], of: SlaClock = SlaClock.RESOLVE, **about: Any) -> Any:
    return kind(ticket_id=TICKET, tracking_id=TRACKING, clock=of, **about)


STARTED = {
    "started_at": NOON, "due_at": DUE_AT, "allowance": "14 working_days", "agency": "dishub", "policy_version": "1",
    "calendar_version": "1",
}  # fmt: skip
CHANGED = {"was": NOON, "due_at": LATER, "why": "held"}


def test_a_due_time_that_becomes_known_is_told_at_its_own_time_under_the_same_version() -> None:
    told = status(heard(filed("acknowledged", respond=RESPOND), clock(ClockStarted, **STARTED), at=LATER))

    assert (told.state, told.version, told.at) == ("acknowledged", 1, LATER)
    assert (told.due_at, told.respond_due_at) == (DUE_AT, LATER)
    assert told.message_en.endswith(" An answer is due by 20 March 2026.")


@pytest.mark.parametrize(
    ("change", "tells"),
    [
        (clock(DueChanged, **CHANGED), True),
        (clock(ClockPaused, paused_at=NOON), True),
        (clock(DueChanged, **CHANGED | {"due_at": DUE_AT}), False),
        (clock(ClockStarted, SlaClock.RESPOND, **STARTED), True),
        (clock(ClockMet, SlaClock.RESPOND, met_at=NOON, due_at=LATER, lateness_seconds=0), True),
        (clock(ClockWarned, percent=50, due_at=DUE_AT, agency="dishub", remaining_seconds=1), False),
        (clock(ClockStarted, SlaClock.FEEDBACK, **STARTED), False),
    ],
    ids=["changes", "stands still", "same", "respond changes", "respond ends", "a warning", "the reporter's window"],
)
def test_the_channel_hears_of_a_clock_only_if_a_due_time_changes(change: EventData, tells: bool) -> None:
    assert len(said(heard(filed(**WITH_CLOCKS), change), WEB)) == tells


def test_nothing_is_told_when_sla_ends_what_the_answer_has_ended() -> None:
    state = heard(filed(**WITH_CLOCKS), COMMANDS["answer"]).state
    met = clock(ClockMet, met_at=NOON, due_at=DUE_AT, lateness_seconds=0)

    assert said(heard(state, met), WEB) == []
