"""Moves deliveries on: when they come due, and after an attempt to send them."""

from datetime import datetime
from typing import assert_never

from services.notify.domain.contact_audit import openings_to_send
from services.notify.domain.correspondence import Correspondence, Erased, Sealed
from services.notify.domain.deliveries import (
    REPORTER,
    Deferred,
    Delivered,
    Delivery,
    Due,
    Failed,
    Outcome,
    Refused,
    Sending,
    Sent,
    Situation,
    Suppressed,
    Untried,
    Withheld,
    attempts_of,
)
from services.notify.domain.notices import Rules
from services.notify.domain.settlement import report_settled, settle
from shared.events import Applied, Ignored
from shared.values import replace

LOST_ATTEMPT = "outcome_unknown"


def tick(state: Correspondence, rules: Rules, now: datetime) -> Applied[Correspondence]:
    """Return the deliveries after time has passed: waits end, due ones are leased to the caller, leases run out.

    Of each that is leased and goes to the reporter it is said that his contact is opened.
    """
    moved = replace(state, deliveries=tuple(_on_time(each, state, rules, now) for each in state.deliveries))
    audited, openings = openings_to_send(moved, claimed(state, moved), now)
    settled = report_settled(state, audited)
    return Applied(audited, (*openings, *settled.facts))


def _on_time(delivery: Delivery, state: Correspondence, rules: Rules, now: datetime) -> Delivery:
    at, situation = delivery.attention_at, delivery.situation
    if at is None or at > now:
        return delivery
    if delivery.role == REPORTER and not isinstance(state.contact, Sealed):
        why = "contact_erased" if isinstance(state.contact, Erased) else "no_contact"
        return settle(delivery, Suppressed(now, attempts_of(situation), why))
    attempt = attempts_of(situation) + (not isinstance(situation, Due))
    if attempt > rules.retries.attempts_max:
        return settle(delivery, Failed(now, attempt - 1, delivery.channels[0], LOST_ATTEMPT))
    quiet = rules.quiet_hours if delivery.role == REPORTER and not (delivery.urgent or state.is_emergency) else None
    over_at = quiet.over_at(now) if quiet else None
    return replace(delivery, situation=Due(over_at, attempt) if over_at else Sending(now + rules.lease_for, attempt))


def claimed(before: Correspondence, after: Correspondence) -> tuple[Delivery, ...]:
    """Return the deliveries that are being sent in *after* and were not, or by somebody else, in *before*."""
    was = {delivery.id: delivery.situation for delivery in before.deliveries}
    return tuple(
        delivery
        for delivery in after.deliveries
        if isinstance(delivery.situation, Sending) and was.get(delivery.id) != delivery.situation
    )


def conclude(
    state: Correspondence, delivery_id: str, lease: Sending, outcome: Outcome, rules: Rules, now: datetime
) -> Applied[Correspondence] | Ignored[Correspondence]:
    """Return the deliveries after the attempt under *lease*; ignored if another attempt holds the delivery by now.

    The number of the attempt is not enough to tell them apart: what was not tried is leased again under the same one.
    """
    sending = next((d for d in state.deliveries if d.id == delivery_id), None)
    if sending is None or sending.situation != lease:
        return Ignored("another attempt has taken over")
    situation = after_attempt(sending, lease.attempt, outcome, rules, now)
    done = replace(sending, situation=situation)
    concluded = settle(done, situation) if done.is_settled else done
    after = tuple(concluded if delivery is sending else delivery for delivery in state.deliveries)
    return report_settled(state, replace(state, deliveries=after))


def after_attempt(delivery: Delivery, attempt: int, outcome: Outcome, rules: Rules, now: datetime) -> Situation:
    """Return the situation that an attempt leaves behind."""
    match outcome:
        case Delivered(channel, provider_id):
            return Sent(now, attempt, channel, provider_id)
        case Withheld(why):
            return Suppressed(now, attempt, why)
        case Refused(channel, error):
            return Failed(now, attempt, channel, error)
        case Deferred(channel, error) if attempt >= rules.retries.attempts_max:
            return Failed(now, attempt, channel, error)
        case Deferred():
            return Due(now + rules.retries.wait_after(attempt, delivery.id), attempt + 1)
        case Untried():
            return Due(now, attempt)
        case _:
            assert_never(outcome)
