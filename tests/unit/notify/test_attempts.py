from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain.contact_audit import openings_to_send
from services.notify.domain.correspondence import Contact, Correspondence, Erased, Unknown
from services.notify.domain.deliveries import Delivery, Due, Failed, Sending, Sent, Situation, Suppressed, Waiting
from services.notify.domain.outcomes import Deferred, Delivered, Outcome, Refused, Untried, Withheld
from services.notify.domain.sending.attempts import after_attempt, claimed, conclude, tick
from services.notify.domain.sending.timing import QuietHours
from services.notify.domain.settlement import put_away
from shared.events import (
    Applied,
    DeliveryFact,
    Fact,
    Ignored,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, LEASE, correspondence, delivery, rules

pytestmark = pytest.mark.unit

RULES = rules()
QUIET = rules(quiet_hours=QuietHours(time(21), time(6), ZoneInfo("Asia/Jakarta")))
NIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 22:00 WIB
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # 06:00 WIB
UNKNOWN, ERASED = Unknown(), Erased()
MS, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
LEASED = Sending(NOON + LEASE, 1)
ABOUT = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": DELIVERY, "notice": "accepted",
    "recipient_role": "reporter",
}  # fmt: skip


def leased(*deliveries: Delivery, now: datetime = NOON, **changes: Any) -> Applied[Correspondence]:
    """Return the decision by which *deliveries* are leased, with what is said of those to the reporter."""
    state, facts = openings_to_send(correspondence(*deliveries, **changes), deliveries, now)
    return Applied(state, facts)


def fact(data: DeliveryFact) -> Fact:
    return Fact(data, "notifications.deliveries", TICKET, NOON, occasion=f"delivery|{DELIVERY}")


def sent(attempt: int = 1, provider_id: str | None = None) -> Fact:
    return fact(NotificationSent(**ABOUT, channel="email", attempt=attempt, provider_id=provider_id))


def failed(error: str, attempt: int) -> Fact:
    return fact(NotificationFailed(**ABOUT, channel="email", attempt=attempt, error=error))


def suppressed(why: str, attempt: int) -> Fact:
    return fact(NotificationSuppressed(**ABOUT, channel="email", attempt=attempt, why=why))


@pytest.mark.parametrize("at", [NOON, NOON - MS])
def test_a_due_notice_is_leased_by_the_sweep(at: datetime) -> None:
    decision = tick(correspondence(delivery(Due(at, 2))), RULES, NOON)

    assert decision == leased(delivery(Sending(NOON + LEASE, 2)))


@pytest.mark.parametrize(
    "situation",
    [
        Due(NOON + MS, 1),
        Waiting(NOON + MS),
        Sending(NOON + MS, 1),
    ],
)
def test_a_delivery_before_its_due_time_does_not_change(situation: Situation) -> None:
    state = correspondence(delivery(situation))

    assert tick(state, RULES, NOON) == Applied(state)


@pytest.mark.parametrize(
    "situation",
    [Sent(NOON, 1, "email"), Failed(NOON, 1, "email", "smtp_550"), Suppressed(NOON, 0, "no_contact")],
)
def test_of_a_delivery_that_is_over_nothing_more_is_said(situation: Situation) -> None:
    state = correspondence(delivery(situation))

    assert tick(state, RULES, NOON) == Applied(put_away(state, NOON))


def test_a_wait_that_is_over_ends_without_the_due_time() -> None:
    decision = tick(correspondence(delivery(Waiting(NOON))), RULES, NOON)

    assert decision == leased(delivery(LEASED))


@pytest.mark.parametrize(
    ("contact", "situation", "why", "attempt"),
    [
        (UNKNOWN, Waiting(NOON), "no_contact", 0),
        (ERASED, Due(NOON, 2), "contact_erased", 2),
        (ERASED, Sending(NOON, 2), "contact_erased", 2),
    ],
)
def test_a_reporter_without_contact_gets_no_message(
    contact: Contact, situation: Situation, why: str, attempt: int
) -> None:
    decision = tick(correspondence(delivery(situation), contact=contact), RULES, NOON)

    ended = delivery(Suppressed(NOON, attempt, why))
    assert decision == Applied(correspondence(ended, contact=contact), (suppressed(why, attempt),))


def test_an_agency_is_notified_without_a_contact_of_the_reporter() -> None:
    state = correspondence(delivery(Waiting(NOON), role="liaison", agency="dishub"), contact=UNKNOWN)

    [held] = claimed(state, tick(state, RULES, NOON).state or state)

    assert held == delivery(LEASED, role="liaison", agency="dishub")


def test_a_lost_attempt_is_retried() -> None:
    decision = tick(correspondence(delivery(Sending(NOON, 1))), RULES, NOON)

    assert decision == leased(delivery(Sending(NOON + LEASE, 2)))


def test_a_lost_last_attempt_has_failed() -> None:
    decision = tick(correspondence(delivery(Sending(NOON, 3))), RULES, NOON)

    ended = delivery(Failed(NOON, 3, "email", "outcome_unknown"))
    assert decision == Applied(correspondence(ended), (failed("outcome_unknown", 3),))


@pytest.mark.parametrize(("situation", "attempt"), [(Waiting(NIGHT), 1), (Due(NIGHT, 2), 2), (Sending(NIGHT, 1), 2)])
def test_messages_to_reporters_wait_for_the_end_of_quiet_hours(situation: Situation, attempt: int) -> None:
    decision = tick(correspondence(delivery(situation)), QUIET, NIGHT)

    assert decision == Applied(correspondence(delivery(Due(MORNING, attempt))))


def test_outside_the_quiet_hours_nothing_is_put_off() -> None:
    decision = tick(correspondence(delivery(Due(NOON, 1))), QUIET, NOON)

    assert decision == leased(delivery(LEASED))


def test_officials_and_urgent_notices_ignore_quiet_hours() -> None:
    urgent, official = delivery(Due(NIGHT, 1), urgent=True), delivery(Due(NIGHT, 1), role="liaison", agency="dishub")

    decision = tick(correspondence(urgent, official), QUIET, NIGHT)

    until = Sending(NIGHT + LEASE, 1)
    expected = delivery(until, urgent=True), delivery(until, role="liaison", agency="dishub")
    assert decision == leased(*expected, now=NIGHT)


def test_an_emergency_ignores_quiet_hours() -> None:
    decision = tick(correspondence(delivery(Due(NIGHT, 1)), priority="emergency"), QUIET, NIGHT)

    assert decision == leased(delivery(Sending(NIGHT + LEASE, 1)), now=NIGHT, priority="emergency")


def test_only_what_was_leased_now_is_claimed() -> None:
    mine, theirs = delivery(Due(NOON, 1)), delivery(Sending(NOON + LEASE, 1), id="theirs")
    new = delivery(LEASED, id="new")

    held = claimed(correspondence(mine, theirs), correspondence(delivery(LEASED), theirs, new))

    assert held == (delivery(LEASED), new)


@pytest.mark.parametrize(
    ("outcome", "situation", "facts"),
    [
        (Delivered("email", "<1@x>"), Sent(NOON, 1, "email", "<1@x>"), (sent(provider_id="<1@x>"),)),
        (Refused("email", "smtp_550"), Failed(NOON, 1, "email", "smtp_550"), (failed("smtp_550", 1),)),
        (Withheld("no_channel"), Suppressed(NOON, 1, "no_channel"), (suppressed("no_channel", 1),)),
        (Untried(), Due(NOON, 1), ()),
        (Deferred("email", "smtp_451"), Due(NOON + RULES.retries.wait_after(1, DELIVERY), 2), ()),
    ],
)
def test_an_attempt_decides_the_next_situation(outcome: Outcome, situation: Situation, facts: tuple[Fact, ...]) -> None:
    state = correspondence(delivery(LEASED))

    decision = conclude(state, DELIVERY, LEASED, outcome, RULES, NOON)

    assert decision == Applied(correspondence(delivery(situation)), facts)


@pytest.mark.parametrize(("attempt", "gives_up"), [(2, False), (3, True)])
def test_after_the_last_attempt_nothing_is_tried_again(attempt: int, gives_up: bool) -> None:
    lease = Sending(NOON + LEASE, attempt)

    decision = conclude(correspondence(delivery(lease)), DELIVERY, lease, Deferred("email", "smtp_451"), RULES, NOON)

    assert decision.facts == ((failed("smtp_451", 3),) if gives_up else ())


def test_a_settled_delivery_keeps_no_template_values() -> None:
    state = correspondence(delivery(LEASED, told={"answer": "Sudah ditambal."}))

    decision = conclude(state, DELIVERY, LEASED, Delivered("email"), RULES, NOON)

    assert decision.state == correspondence(delivery(Sent(NOON, 1, "email")))


def test_a_retried_delivery_keeps_its_template_values() -> None:
    told = {"answer": "Sudah ditambal."}

    decision = conclude(correspondence(delivery(LEASED, told=told)), DELIVERY, LEASED, Untried(), RULES, NOON)

    assert decision.state == correspondence(delivery(Due(NOON, 1), told=told))


def test_only_the_concluded_delivery_changes() -> None:
    other = delivery(LEASED, id="other")

    decision = conclude(correspondence(other, delivery(LEASED)), DELIVERY, LEASED, Untried(), RULES, NOON)

    assert decision == Applied(correspondence(other, delivery(Due(NOON, 1))))


@pytest.mark.parametrize("outcome", [Delivered("email"), Deferred("email", "smtp_451"), Untried()])
@pytest.mark.parametrize(
    "situation",
    [Sending(NOON + LEASE, 2), Sending(NOON + LEASE + MS, 1), Sent(NOON, 2, "email"), Due(NOON, 1)],
    ids=["next attempt", "same attempt, leased anew", "sent", "not leased"],
)
def test_an_overtaken_lease_is_not_accepted(situation: Situation, outcome: Outcome) -> None:
    state = correspondence(delivery(situation))

    decision = conclude(state, DELIVERY, LEASED, outcome, RULES, NOON)

    assert decision == Ignored("another attempt has taken over")


def test_an_unknown_delivery_decides_nothing() -> None:
    decision = conclude(correspondence(), DELIVERY, LEASED, Delivered("email"), RULES, NOON)

    assert decision == Ignored("another attempt has taken over")


LONG = timedelta(days=2)


@pytest.mark.parametrize(("asked_for", "waits"), [(timedelta(), None), (LONG, RULES.retries.longest_for)])
def test_a_gateway_is_left_alone_as_long_as_it_asks_up_to_the_longest_wait(
    asked_for: timedelta, waits: timedelta | None
) -> None:
    leased_one = delivery(LEASED)

    after = after_attempt(leased_one, 1, Deferred("sms", "http_429", wait_for=asked_for), RULES, NOON)

    assert after == Due(NOON + (waits or RULES.retries.wait_after(1, DELIVERY)), 2)
