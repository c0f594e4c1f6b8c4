"""What people read at a terminal about each thing that happens."""

from datetime import timedelta

import pytest

from shared import events as e
from shared.events.catalogue import CATALOGUE
from shared.events.complaints import ContactErased
from tests.builders import NOON, TICKET, TRACKING, accepted
from tindak.formatting import by_whom, counted, hours, sentence, short, span, words

pytestmark = pytest.mark.unit

FACT = {"ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 1, "at": NOON}
CLOCK = {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": e.SlaClock.RESPOND}
DELIVERY = {
    "ticket_id": TICKET, "delivery_id": "d", "notice": "received", "recipient_role": "reporter", "channel": "email",
}  # fmt: skip
NEVER_TOLD = {
    e.ContactSealed,
    ContactErased,
    *(entry.data for entry in CATALOGUE if issubclass(entry.data, (e.Command, e.Link, e.PartLink))),
}


def routed(**changes: object) -> e.TicketRouted:
    plain = FACT | {
        "agency": "dishub", "agency_name": "Dinas Perhubungan", "classification": "complaint", "hop": 1,
        "decided_by": "rule", "accepted_at": NOON, "submitted_at": NOON,
        "explanation": [{"step": "keywords", "rule": "kw-street-light", "policy_version": "1", "outcome": "dishub"}],
    }  # fmt: skip
    return e.TicketRouted.model_validate(plain | changes)


def test_accepted_complaint_shows_its_tracking_id() -> None:
    assert sentence(accepted()) == f"accepted as {TRACKING}: Jalan berlubang"


def test_refusal_shows_every_reason_with_its_code() -> None:
    reasons = [
        {"code": "empty", "message_id": "Kosong.", "message_en": "There is no text."},
        {"code": "unknown_channel", "message_id": "Tak dikenal.", "message_en": "No such channel."},
    ]
    origin = {"partition": 0, "offset": 1, "sha256": "00"}

    told = sentence(e.ComplaintRejected.model_validate({"reasons": reasons, "origin": origin}))

    assert told == "refused: There is no text. (empty); No such channel. (unknown_channel)"


def step(name: str, outcome: str, rule: str | None = None, score: float | None = None) -> dict[str, object]:
    return {"step": name, "rule": rule, "policy_version": "1", "outcome": outcome, "score": score}


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (
            [step("rule", "dishub: lampu jalan", "kw-1"), step("rule", "dlh: sampah", "kw-2"), step("rules", "dishub")],
            "words: lampu jalan",
        ),
        ([step("category", "dishub", "penerangan_jalan")], "category penerangan_jalan"),
        ([step("requested", "dishub")], "chosen by the reporter"),
        ([step("outside", "national_admin", "out-pln")], "Belongs to PLN."),
        ([step("return", "dlh declined and named dishub")], "dlh declined and named dishub"),
        ([step("officer", "Jembatan dahulu.")], "Jembatan dahulu."),
        ([step("model", "dishub", "36011cb4", 0.9789)], "text model 36011cb4 is 97.8 % sure"),
        ([step("model", "dishub", "36011cb4", 1.0)], "text model 36011cb4 is 99.9 % sure"),
        ([], "rule"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_routing_shows_the_agency_and_why(steps: list[dict[str, object]], why: str) -> None:
    told = sentence(routed(explanation=steps, reason_en="Belongs to PLN."))

    assert told == f"routed to Dinas Perhubungan: {why}"


def test_second_agency_is_shown_as_second() -> None:
    assert sentence(routed(hop=2, explanation=[])) == "routed to Dinas Perhubungan: rule (agency no. 2)"


def test_closing_shows_who_and_the_rating() -> None:
    closed = e.TicketClosed.model_validate(FACT | {"by": "reporter", "rating": 4, "comment": "Terima kasih"})

    assert sentence(closed) == 'closed by the reporter, rated 4 of 5: "Terima kasih"'


def test_clock_met_in_time_shows_the_remaining_time() -> None:
    met = e.ClockMet.model_validate(CLOCK | {"met_at": NOON, "due_at": NOON, "lateness_seconds": -3700.0})

    assert sentence(met) == "respond clock met 1 h 1 min before its time"


def test_clock_met_late_shows_the_overdue_time() -> None:
    met = e.ClockMet.model_validate(CLOCK | {"met_at": NOON, "due_at": NOON, "lateness_seconds": 2.5})

    assert sentence(met) == "respond clock met 2.5 s late"


def test_breach_shows_agency_and_responsible_role() -> None:
    breached = e.ClockBreached.model_validate(
        CLOCK
        | {
            "breach_id": "b", "agency": "dlh", "classification": "complaint", "due_at": NOON,
            "breached_at": NOON + timedelta(seconds=1), "level": 1, "responsible": "liaison",
        }
    )  # fmt: skip

    assert sentence(breached) == "respond clock BREACHED at dlh; responsible: liaison"


def test_delivery_shows_role_and_channel_and_no_address() -> None:
    sent = e.NotificationSent.model_validate(DELIVERY | {"attempt": 2})

    assert sentence(sent) == "notice `received` to the reporter by email: sent at attempt 2"


@pytest.mark.parametrize(
    "data",
    sorted(
        {entry.data for entry in CATALOGUE}
        - NEVER_TOLD
        - set(e.Branching.__subclasses__())
        - set(e.Link.__subclasses__()),
        key=lambda data: data.TYPE,
    ),
)
def test_every_fact_has_a_sentence_of_its_own(data: type[e.EventData]) -> None:
    every_field = {
        **routed().model_dump(), **CLOCK, **DELIVERY, "reason": "field_work", "attempt": 1, "error": "refused",
        "why": "asked for", "channel": "web", "source_id": "1", "title": "T", "body": "B", "reasons": (), "percent": 50,
        "origin": {"partition": 0, "offset": 0, "sha256": ""}, "remaining_seconds": 1.0, "due_at": NOON, "was": NOON,
        "breach_id": "b", "breached_at": NOON, "level": 1, "responsible": "liaison", "overdue_seconds": 1.0,
        "lateness_seconds": 1.0, "met_at": NOON, "paused_at": NOON, "resumed_at": NOON, "started_at": NOON,
        "stopped_at": NOON, "allowance": "5 working_days", "policy_version": "1", "calendar_version": "1",
        "answer": "A", "final": True, "note": "N", "confidential": False, "text": "T", "into": TICKET,
        "cluster": TICKET, "member": TICKET, "members": 2, "joined": True, "update_id": "u", "update_source": "s",
        "asked_at": NOON, "parts": (), "reopened": TICKET, "sequence": 1, "previous": "", "hash": "", "sealed": "s",
        "code": "c", "message_id": "m", "message_en": "m", "state_id": "s", "state_en": "s", "rating_wanted": False,
    }  # fmt: skip
    if data in (e.TicketClosed, e.TicketArchived):
        every_field["by"] = "system"
    if data is e.TicketReclassified:
        every_field["was"] = "aspiration"
    if data is e.ContactOpened:
        every_field |= {"purpose": "send", "by": {"role": "service", "code": "notify"}}

    told = sentence(data.model_validate(every_field))

    assert told != data.TYPE


@pytest.mark.parametrize(
    ("data", "who"),
    [
        (e.TicketWithdrawn.model_validate(FACT | {"by": {"role": "channel", "code": "web"}}), " [channel web]"),
        (
            e.TicketArchived.model_validate(
                FACT | {"by": "officer", "reason": "unclear", "by_whom": {"role": "officer", "code": "triage"}}
            ),
            " [officer triage]",
        ),
        (e.TicketArchived.model_validate(FACT | {"by": "system", "reason": "unclear"}), ""),
        (accepted(), ""),
    ],
)
def test_who_brought_a_fact_about_is_named_by_code(data: e.EventData, who: str) -> None:
    assert by_whom(data) == who


def test_long_text_is_cut_to_one_line_of_120_characters() -> None:
    assert short("a\nb " * 40) == ("a b " * 40)[:119].rstrip() + "…"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "under 1 s"),
        (1, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (60, "1 min"),
        (3_661, "1 h 1 min"),
        (3_600, "1 h"),
        (180_000, "2 d 2 h"),
    ],
)
def test_duration_is_shown_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 h"), (0.001, "under 1 s"), (1, "1 s"), (90, "1 min 30 s"), (3_600, "1 h"), (180_000, "50 h")],
)
def test_working_time_is_shown_in_hours_and_never_in_days(seconds: float, told: str) -> None:
    assert hours(seconds) == told


def test_time_left_and_overdue_is_working_time() -> None:
    clock = CLOCK | {"agency": "dlh", "due_at": NOON, "breach_id": "b"}

    warned = e.ClockWarned.model_validate(clock | {"percent": 80, "remaining_seconds": 108_000.0})
    cleared = e.BreachCleared.model_validate(clock | {"overdue_seconds": 0.001})

    assert sentence(warned) == "respond clock: 80 % of the time is used, 30 h left"
    assert sentence(cleared) == "respond clock: what was overdue is done, under 1 s late"


@pytest.mark.parametrize(("number", "shown"), [(0, "0 faults"), (1, "1 fault"), (2_000, "2,000 faults")])
def test_one_thing_is_counted_in_the_singular(number: int, shown: str) -> None:
    assert counted(number, "fault") == shown


def test_codes_are_shown_as_words() -> None:
    changed = e.DueChanged.model_validate(CLOCK | {"was": NOON, "due_at": NOON, "why": "policy_changed"})

    assert sentence(changed).endswith(": policy changed")
    assert words("5 working_days") == "5 working days"
