"""Moves deliveries on: when they come due, and after an attempt to send them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import is_not
from typing import Protocol, assert_never

from services.notify.domain.contact_audit import openings_to_send
from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import (
    IN_DIGEST,
    REPORTER,
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Situation,
    Suppressed,
    attempts_of,
    is_settled,
    unasked_of,
)
from services.notify.domain.notices import SAME_CLUSTER, Rules
from services.notify.domain.outcomes import Deferred, Delivered, Outcome, Postponed, Refused, Setback, Untried, Withheld
from services.notify.domain.receipts import LOG
from services.notify.domain.sending.addresses import STOPPED_ALL
from services.notify.domain.sending.pacing import TOO_MANY, barred_because, is_gathered, quiet_until, room_at
from services.notify.domain.sending.statuses import WEBHOOK, next_called, turn_at
from services.notify.domain.settlement import put_away, report_settled, settle
from shared.events import Applied, Fact, Ignored
from shared.values import replace

LOST_ATTEMPT = "outcome_unknown"


class House(Protocol):
    """What never leaves the house: such a delivery is over in the decision in which it comes due, without any lease."""

    def holds(self, delivery: Delivery) -> bool:
        """Return whether *delivery* stays within."""
        ...

    def deliver(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return how *delivery*, which stays within, ended; a decision that is made again delivers it again."""
        ...


class NoHouse:
    """Every delivery leaves."""

    def holds(self, delivery: Delivery) -> bool:
        """Return that it leaves."""
        return False

    def deliver(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return that nothing was tried, for nobody asks."""
        return Untried()


NO_HOUSE = NoHouse()


def tick(state: Correspondence, rules: Rules, now: datetime, house: House = NO_HOUSE) -> Applied[Correspondence]:
    """Return the deliveries after time has passed: waits end, due ones are leased to the caller, leases run out.

    Of each that is sent or leased and goes to the reporter it is said that his contact is opened.
    """
    before = put_away(state, now)
    moved, openings = on_time(before, before.deliveries, rules, now, house, lambda _: True)
    settled = report_settled(before, moved)
    return Applied(settled.state, (*openings, *settled.facts))


def on_time(
    state: Correspondence,
    deliveries: Sequence[Delivery],
    rules: Rules,
    now: datetime,
    house: House,
    concerns: Callable[[Delivery], bool],
) -> tuple[Correspondence, tuple[Fact, ...]]:
    """Return the state with *deliveries*, and who opened the contact.

    All that is due, and that *concerns* holds for, has gone on: what matters more first, for of those that gather in
    one window only one is sent.
    """
    openings: list[Fact] = []
    moved = list(deliveries)
    for place in _in_turn(deliveries, rules, now):
        delivery = deliveries[place]
        if not concerns(delivery):
            continue
        after = _on_time(delivery, state, moved, rules, now, house)
        if isinstance(after.situation, Sending):
            state, said = openings_to_send(state, [after], now)
            openings += said
            if house.holds(after):
                after = _ended(after, after.situation.attempt, house.deliver(state, after), rules, now)
        moved[place] = after
    is_moved = len(moved) != len(state.deliveries) or any(map(is_not, moved, state.deliveries))
    return (replace(state, deliveries=tuple(moved)) if is_moved else state), tuple(openings)


def _in_turn(deliveries: Sequence[Delivery], rules: Rules, now: datetime) -> list[int]:
    """Return the places of what is due: what matters more first, and of the rest what was planned first."""
    due = [place for place, each in enumerate(deliveries) if (at := each.attention_at) and at <= now]
    if len(due) > 1:
        due.sort(key=lambda place: (not deliveries[place].urgent, -rules.matters(deliveries[place].notice)))
    return due


def _on_time(
    delivery: Delivery, state: Correspondence, others: Sequence[Delivery], rules: Rules, now: datetime, house: House
) -> Delivery:
    situation = delivery.situation
    why = barred_because(delivery, state)
    if why is None and delivery.role == REPORTER and not isinstance(state.contact, Sealed):
        why = "no_contact"
    if why is None and is_gathered(delivery, state, rules):
        why = IN_DIGEST
    if why is not None:
        return settle(delivery, Suppressed(now, attempts_of(situation), why))
    is_due = isinstance(situation, Due)
    attempt, unasked = attempts_of(situation) + (not is_due), unasked_of(situation) if is_due else 0
    if attempt > rules.retries.attempts_max:
        return settle(delivery, Failed(now, attempt - 1, delivery.channels[0], LOST_ATTEMPT))
    at = turn_at(delivery, others) or quiet_until(delivery, state, rules, now)
    if at is None:
        at = room_at(delivery, state, others, rules, now, gathers=not house.holds(delivery))
        if at is not None and at > delivery.planned_at + rules.stale_for:
            return settle(delivery, Suppressed(now, attempts_of(situation), TOO_MANY))
    after = Due(at, attempt, unasked) if at else Sending(now + rules.lease_for, attempt, unasked)
    return replace(delivery, situation=after)


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
    is_to_official = sending.role != REPORTER  # a reporter has heard the same words of another ticket, whoever follows
    if outcome == Withheld(SAME_CLUSTER) and is_to_official and state.seen_from(sending.part).follows is None:
        outcome = Untried()  # it has left the cluster meanwhile, and nobody else tells of it
    ended = _ended(sending, lease.attempt, outcome, rules, now)
    after = tuple(ended if delivery is sending else delivery for delivery in state.deliveries)
    is_stopped = state.is_stopped_everywhere or outcome == Withheld(STOPPED_ALL)
    return report_settled(
        state, replace(state, deliveries=next_called(after, ended, now), is_stopped_everywhere=is_stopped)
    )


def _ended(delivery: Delivery, attempt: int, outcome: Outcome, rules: Rules, now: datetime) -> Delivery:
    """Return *delivery* after an attempt."""
    if (by_people := _past_webhook(delivery, attempt, outcome, rules, now)) is not None:
        return by_people
    situation = after_attempt(delivery, attempt, outcome, rules, now)
    return settle(delivery, situation) if is_settled(situation) else replace(delivery, situation=situation)


def after_attempt(delivery: Delivery, attempt: int, outcome: Outcome, rules: Rules, now: datetime) -> Situation:
    """Return the situation that an attempt leaves behind."""
    is_last = attempt >= rules.retries.attempts_max
    match outcome:
        case Delivered(channel, provider_id, receipt_within):
            return Sent(now, attempt, channel, provider_id, now + receipt_within if receipt_within else None)
        case Withheld(why):
            return Suppressed(now, attempt, why)
        case Refused(channel, error):
            return Failed(now, attempt, channel, error)
        case Deferred(setback=Setback.UNASKED):
            return _after_nobody_was_asked(delivery, attempt, outcome, rules, now)
        case Deferred(channel, error) if is_last:
            return Failed(now, attempt, channel, error)
        case Deferred():
            return Due(now + _wait_after(outcome, attempt, delivery, rules), attempt + 1)
        case Postponed(_, until):
            return Due(until, attempt)
        case Untried():
            return Due(now, attempt)
        case _:
            assert_never(outcome)


def _wait_after(outcome: Deferred, attempt: int, delivery: Delivery, rules: Rules) -> timedelta:
    """Return the wait after an attempt; what a gateway asks for holds only up to the longest wait."""
    return max(rules.retries.wait_after(attempt, delivery.id), min(outcome.wait_for, rules.retries.longest_for))


def _after_nobody_was_asked(
    delivery: Delivery, attempt: int, outcome: Deferred, rules: Rules, now: datetime
) -> Due | Failed:
    """Return the situation after an attempt that reached no gateway: it is still to be made, until it would be stale.

    So a gateway that is down for long uses up nobody's attempts.
    """
    stale_at = delivery.planned_at + rules.stale_for
    if now >= stale_at:
        return Failed(now, attempt - 1, outcome.channel, outcome.error)
    unasked = unasked_of(delivery.situation) + 1
    # Not before the gateway may be asked; and not all at that moment, for it is asked by one message first. Each look
    # is two writes, so whoever waits looks ever more seldom.
    wait = min(outcome.wait_for, rules.retries.longest_for) + rules.retries.wait_after(unasked, delivery.id)
    return Due(min(now + wait, stale_at), attempt, unasked)


def _past_webhook(delivery: Delivery, attempt: int, outcome: Outcome, rules: Rules, now: datetime) -> Delivery | None:
    """Return *delivery* by the ways that lead to people, once a server has not taken it for too long; None until then.

    It may be told twice then, by machine and by mail. Nobody minds; what nobody hears of, an agency does.
    """
    if not isinstance(outcome, Deferred) or outcome.channel != WEBHOOK:
        return None
    left = tuple(channel for channel in delivery.channels if channel not in (WEBHOOK, LOG))
    if not left:
        return None
    was_last = outcome.setback is not Setback.UNASKED and attempt >= rules.retries.attempts_max
    is_late = now >= delivery.planned_at + rules.webhook_within
    return replace(delivery, channels=left, situation=Due(now, 1)) if was_last or is_late else None
