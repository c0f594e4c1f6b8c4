from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from services.notify.domain.correspondence import Correspondence, Erased, Unknown
from services.notify.domain.decide import decide
from services.notify.domain.deliveries import (
    Awaited,
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Situation,
    Suppressed,
    Waiting,
)
from services.notify.domain.notices import Rules, plan
from services.notify.domain.projection import forgotten
from services.notify.domain.settlement import put_away
from services.notify.store import STATE
from shared.events import (
    Applied,
    ContactErased,
    DueChanged,
    Event,
    Fact,
    Ignored,
    NotificationSuppressed,
    ReporterErased,
    ReporterReplied,
    SlaClock,
    TicketHeld,
    TicketRouted,
    state_after,
)
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, accepted, arrival, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import (
    DELIVERY,
    LEASE,
    contact,
    correspondence,
    delivery,
    notice,
    rules,
    said,
    started,
)

pytestmark = pytest.mark.unit

ACCEPTED = event(accepted())
CONTACT = event(contact())
ROUTED = event(said(TicketRouted))
ERASED = event(ContactErased(ticket_id=TICKET))
FORGOTTEN = event(ReporterErased(ticket_id=TICKET, tracking_id=TRACKING, state="routed", version=9, at=NOON))
FORGOTTEN_PART = event(
    ReporterErased(
        ticket_id=part_id(TICKET, 1), tracking_id=TRACKING, state="routed", version=2, at=NOON, parent=TICKET, part=1
    )
)
RESPOND = event(started(SlaClock.RESPOND))
NEW_TICKET = notice(code="agency_new_ticket", on=TicketRouted.TYPE, to=("liaison",), due=SlaClock.RESPOND, starts=True)
ALL = rules(notice(), notice(code="routed", on=TicketRouted.TYPE, due=SlaClock.RESPOND, starts=True), NEW_TICKET)
UNTIL = NOON + timedelta(minutes=1)


def after(*events: Event, by: Rules = ALL) -> Correspondence:
    state: Correspondence | None = None
    for heard in events:
        state = state_after(state, decide(state, heard, arrival(NOON), by))
    assert state is not None
    return state


def situations(state: Correspondence) -> list[Situation]:
    return [held.situation for held in state.deliveries]


def suppressed(why: str, attempt: int = 0, id: str = DELIVERY) -> Fact:
    data = NotificationSuppressed(
        ticket_id=TICKET, tracking_id=TRACKING, delivery_id=id, notice="accepted", recipient_role="reporter",
        channel="email", attempt=attempt, why=why,
    )  # fmt: skip
    return Fact(data, "notifications.deliveries", TICKET, NOON, occasion=f"delivery|{id}")


def test_a_notice_to_the_reporter_is_due_once_contact_and_report_are_known() -> None:
    decision = decide(after(CONTACT), ACCEPTED, arrival(NOON), ALL)

    [planned] = plan(after(CONTACT), ACCEPTED, ALL, NOON)
    known = replace(after(CONTACT), tracking_id=TRACKING, complaint=correspondence().complaint)
    assert decision == Applied(replace(known, deliveries=(replace(planned, situation=Due(NOON, 1)),)))


def test_a_notice_to_the_reporter_waits_for_the_contact() -> None:
    assert situations(after(ACCEPTED)) == [Waiting(UNTIL)]


def test_a_notice_waits_for_the_report() -> None:
    assert situations(after(CONTACT, ROUTED, RESPOND)) == [Waiting(UNTIL), Waiting(UNTIL)]


def test_a_notice_waits_for_its_due_time() -> None:
    assert situations(after(CONTACT, ACCEPTED, ROUTED)) == [Due(NOON, 1), Waiting(UNTIL), Waiting(UNTIL)]


def test_an_earlier_run_of_the_clock_is_not_waited_for() -> None:
    earlier = event(started(SlaClock.RESPOND, at=NOON - timedelta(seconds=1)))

    state = after(CONTACT, ACCEPTED, earlier, ROUTED)

    assert situations(state) == [Due(NOON, 1), Waiting(UNTIL), Waiting(UNTIL)]


def test_a_clock_that_runs_already_is_taken_as_it_is() -> None:
    waits = delivery(Waiting(UNTIL), awaited=Awaited(SlaClock.RESPOND))

    state = decide(correspondence(waits), RESPOND, arrival(NOON), ALL).state

    assert state is not None
    assert situations(state) == [Due(NOON, 1)]


def test_the_order_of_the_topics_makes_no_difference() -> None:
    ends = [after(*order) for order in permutations([ACCEPTED, CONTACT, ROUTED, RESPOND])]

    assert {frozenset((held.id, held.situation) for held in end.deliveries) for end in ends} == {
        frozenset((held.id, Due(NOON, 1)) for held in ends[0].deliveries)
    }
    assert len(ends[0].deliveries) == 3
    assert all(replace(end, deliveries=()) == replace(ends[0], deliveries=()) for end in ends)


def test_an_event_without_notice_leaves_no_trace() -> None:
    state = after(ACCEPTED)

    decision = decide(state, event(said(DueChanged)), arrival(NOON), ALL)

    assert decision == Ignored("nobody is notified of it")


def test_an_event_that_plans_no_notice_is_recorded() -> None:
    decision = decide(None, RESPOND, arrival(NOON), ALL)

    assert decision == Applied(after(RESPOND))
    assert decision.state is not None
    assert decision.state.clocks.keys() == {SlaClock.RESPOND}


@pytest.mark.parametrize(("situation", "attempt"), [(Waiting(UNTIL), 0), (Due(NOON, 2), 2)])
def test_erasing_the_contact_suppresses_what_is_not_sent_yet(situation: Situation, attempt: int) -> None:
    decision = decide(correspondence(delivery(situation)), ERASED, arrival(NOON), ALL)

    ended = delivery(Suppressed(NOON, attempt, "contact_erased"))
    facts = (suppressed("contact_erased", attempt),)
    assert decision == Applied(forgotten(correspondence(ended)), facts)


@pytest.mark.parametrize(
    "situation",
    [Sending(NOON + LEASE, 1), Sent(NOON, 1, "email"), Failed(NOON, 1, "email", "smtp_550"), Suppressed(NOON, 0, "x")],
)
def test_erasing_the_contact_changes_nothing_that_is_sent_or_being_sent(situation: Situation) -> None:
    decision = decide(correspondence(delivery(situation)), ERASED, arrival(NOON), ALL)

    assert decision == Applied(forgotten(put_away(correspondence(delivery(situation)), NOON)))


def test_erasing_the_contact_leaves_the_agency_its_notice() -> None:
    waits = delivery(Due(NOON, 1), role="liaison", agency="dishub")

    decision = decide(correspondence(waits), ERASED, arrival(NOON), ALL)

    assert decision == Applied(forgotten(correspondence(waits)))


def test_an_erased_contact_suppresses_further_notices() -> None:
    state = after(CONTACT, ERASED)

    decision = decide(state, ACCEPTED, arrival(NOON), ALL)

    [planned] = plan(state, ACCEPTED, ALL, NOON)
    assert decision.facts == (suppressed("contact_erased", id=planned.id),)


@pytest.mark.parametrize("erasure", [ERASED, FORGOTTEN, FORGOTTEN_PART], ids=["tombstone", "whole", "part"])
def test_whoever_was_erased_stays_so_in_whatever_order_the_topics_are_read(erasure: Event) -> None:
    asked = event(said(TicketHeld, reason="needs_reporter", question="Pak Budi, di mana?"))
    replied = event(said(ReporterReplied, text="Saya Budi."))
    with_reply = rules(
        notice(), notice(code="agency_reply", on=ReporterReplied.TYPE, to=("liaison",), template="agency_reply")
    )
    for order in permutations([ACCEPTED, CONTACT, asked, replied, erasure]):
        state = after(*order, by=with_reply)

        assert state.contact == Erased()
        assert state.complaint is not None
        assert not state.complaint.title
        assert state.complaint.place is None
        stored = repr(STATE.dump_python(state, mode="json"))
        assert not [word for word in ("Budi", "berlubang", "sealed") if word in stored]
        assert [(one.outcome, one.why) for one in state.over if one.role == "reporter"] == [
            ("suppressed", "contact_erased")
        ]


def test_a_contact_that_comes_after_the_erasure_is_none() -> None:
    assert decide(after(CONTACT, ERASED), CONTACT, arrival(NOON), ALL) == Ignored("nobody is notified of it")


@pytest.mark.parametrize(("age", "told"), [(timedelta(hours=72), True), (timedelta(hours=72, microseconds=1), False)])
def test_a_stale_event_is_suppressed(age: timedelta, told: bool) -> None:
    old = event(accepted(), at=NOON - age)

    decision = decide(correspondence(), old, arrival(NOON), ALL)

    [planned] = plan(correspondence(), old, ALL, NOON)
    assert decision.facts == (() if told else (suppressed("too_old", id=planned.id),))
    assert decision.state is not None
    assert situations(decision.state) == [Due(NOON, 1) if told else Suppressed(NOON, 0, "too_old")]


def earlier(number: int, **changes: object) -> Delivery:
    return delivery(**({"situation": Sent(NOON, 1, "email"), "id": f"earlier {number}"} | changes))


DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("held", "at"),
    [
        ((earlier(1),), NOON),
        ((earlier(1), earlier(2)), NOON + DAY),
        ((earlier(1), earlier(2, situation=Sent(NOON - DAY, 1, "email"))), NOON),
        ((earlier(1), earlier(2, situation=Failed(NOON - DAY + SECOND, 1, "email", "smtp_451"))), NOON + SECOND),
        ((earlier(1), earlier(2, role="liaison")), NOON),
        ((earlier(1), earlier(2, situation=Suppressed(NOON, 0, "too_many"))), NOON),
        ((earlier(1), earlier(2, situation=Sending(NOON + LEASE, 1))), NOON + DAY),
    ],
)
def test_what_is_more_than_a_recipient_gets_in_a_day_waits_for_its_turn(held: tuple[Delivery, ...], at: object) -> None:
    decision = decide(correspondence(*held), ACCEPTED, arrival(NOON), rules(daily_max=2))

    assert decision.facts == ()
    assert decision.state is not None
    assert situations(decision.state)[-1] == Due(at, 1)


def test_an_urgent_notice_waits_for_no_turn() -> None:
    few = rules(notice(urgent=True), daily_max=1)

    decision = decide(correspondence(earlier(1)), ACCEPTED, arrival(NOON), few)

    assert decision.state is not None
    assert situations(decision.state)[-1] == Due(NOON, 1)


@pytest.mark.parametrize(("waiting", "is_told"), [(2, True), (3, False)])
def test_what_would_be_too_old_before_its_turn_is_suppressed(waiting: int, is_told: bool) -> None:
    few = rules(daily_max=1)
    queue = [delivery(Due(NOON + DAY, 1), id=f"waiting {number}") for number in range(waiting)]

    decision = decide(correspondence(*queue), ACCEPTED, arrival(NOON), few)

    [planned] = plan(correspondence(), ACCEPTED, few, NOON)
    assert decision.facts == (() if is_told else (suppressed("too_many", id=planned.id),))


def test_no_address_stands_in_what_is_known() -> None:
    assert after(CONTACT).contact != Unknown()
    assert "siti" not in repr(after(CONTACT, ACCEPTED, ROUTED)).lower()
