"""Settles deliveries, makes the fact that reports each outcome, and keeps little of those that are over."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.notify.domain.correspondence import Correspondence, Gathered
from services.notify.domain.deliveries import (
    IN_DIGEST,
    OVER,
    REPORTER,
    Delivery,
    Failed,
    Sent,
    Settled,
    Situation,
    Suppressed,
    is_unsent,
)
from shared import events
from shared.events import Applied, Fact
from shared.senders import Role
from shared.topics import DELIVERIES
from shared.values import replace

DAY = timedelta(days=1)
SETTLED_MAX = 100
UNSENT_MAX = 5
UNSENT_FOR = timedelta(days=14)
"""So many, for so long, are kept of each ticket as they would be sent yet: texts are no longer kept than they help."""
GATHERED_MAX = 20
GATHERED_FOR = timedelta(days=14)
"""So much, for so long, is kept of each ticket for digests: one that fails is made good by the next."""


def settle(delivery: Delivery, situation: Situation) -> Delivery:
    """Return *delivery* in its last situation; what it tells is kept only if it could be sent yet, or the next way."""
    awaits = isinstance(situation, Sent) and situation.receipt_by is not None
    return replace(delivery, situation=situation, told=delivery.told if awaits or is_unsent(situation) else {})


def put_away(state: Correspondence, now: datetime) -> Correspondence:
    """Return *state* with little kept of the deliveries that are over; of the oldest only how many they were.

    What counts against its recipient's share of the day is kept whatever there is; whole is kept what may yet turn out
    not to have arrived, and for a while what could be sent yet.
    """
    if not state.unsent and not [each for each in state.deliveries if isinstance(each.situation, OVER)]:
        return state
    unsent = unsent_of(state, now)
    over: list[Settled] = []
    left: list[Delivery] = []
    for each in state.deliveries:
        kept = None if each.awaits_receipt(now) else Settled.of(each)
        if kept is None:
            left.append(each)
        else:
            over.append(kept)
    if not over:
        return state if unsent == state.unsent else replace(state, unsent=unsent)
    settled = (*state.settled, *over)
    beyond = len(settled) - SETTLED_MAX
    unlisted = state.unlisted
    if beyond > 0:
        dropped = [each for each in settled if not counts(each, now)][:beyond]
        gone = {each.id for each in dropped}
        settled = tuple(each for each in settled if each.id not in gone)
        unlisted += sum(each.role == REPORTER for each in dropped)
    return replace(state, deliveries=tuple(left), settled=settled, unlisted=unlisted, unsent=unsent)


def unsent_of(state: Correspondence, now: datetime) -> tuple[Delivery, ...]:
    """Return the deliveries that are over and could be sent yet, as far as they are kept, the oldest first.

    Of the statuses for one channel only the last one, which says everything: a dead server pushes out nobody's notices.
    """
    if not state.unsent and not any(is_unsent(each.situation) for each in state.deliveries):
        return state.unsent
    over = [each for each in (*state.unsent, *state.deliveries) if is_unsent(each.situation)]
    last = {(each.role, each.part): each.id for each in over if each.is_status}
    kept = [each for each in over if not each.is_status or last[each.role, each.part] == each.id]
    return tuple(each for each in kept if unsent_at(each) > now - UNSENT_FOR)[-UNSENT_MAX:]


def unsent_at(delivery: Delivery) -> datetime:
    """Return when *delivery* was given up or held back; when it was planned for one that is not over."""
    situation = delivery.situation
    return situation.at if isinstance(situation, Failed | Suppressed) else delivery.planned_at


def counts(settled: Settled, now: datetime) -> bool:
    """Return whether a delivery that is over counts against what its recipient is told in 24 hours."""
    return settled.at > now - DAY and settled.outcome != "suppressed"


def report_settled(before: Correspondence, after: Correspondence) -> Applied[Correspondence]:
    """Return the decision for *after*: a fact for each delivery that was not settled in *before*."""
    settled = [each for each in after.deliveries if isinstance(each.situation, OVER)]
    if not settled:
        return Applied(after)
    was_settled = {each.id for each in before.deliveries if isinstance(each.situation, OVER)}
    new = [each for each in settled if each.id not in was_settled] if was_settled else settled
    left = [unsent_at(each) for each in new if is_unsent(each.situation)]
    if left:
        after = replace(after, unsent_at=max(left))
    if gathered := [found for each in new if (found := _gathered(each))]:
        known = [each for each in after.gathered if each.at > gathered[0].at - GATHERED_FOR]
        after = replace(after, gathered=(*known, *gathered)[-GATHERED_MAX:])
    return Applied(after, tuple(_facts_of(after, new)))


def _gathered(delivery: Delivery) -> Gathered | None:
    situation = delivery.situation
    if delivery.agency is None or not isinstance(situation, Suppressed) or situation.why != IN_DIGEST:
        return None
    return Gathered(delivery.id, delivery.notice, delivery.role, delivery.agency, situation.at, delivery.part)


def about(state: Correspondence, delivery: Delivery) -> dict[str, Any]:
    """Return what every fact about *delivery* says."""
    return {
        "ticket_id": state.ticket_id,
        "tracking_id": state.tracking_id,
        "delivery_id": delivery.id,
        "notice": delivery.notice,
        "recipient_role": delivery.role,
        "agency": delivery.agency,
        "requested_by": _officer(delivery.requested_by),
        "repeats": delivery.repeats,
    }


def _facts_of(state: Correspondence, deliveries: Iterable[Delivery]) -> Iterable[Fact]:
    """Yield a fact for each settled delivery; what is said of its next way is another one than of the first."""
    for delivery in deliveries:
        said = about(state, delivery)
        data: events.DeliveryFact
        match delivery.situation:
            case Sent(at, attempt, channel, provider_id):
                how = {"channel": channel, "attempt": attempt, "provider_id": provider_id}
                data = events.NotificationSent.of(said | how)
            case Failed(at, attempt, channel, error):
                data = events.NotificationFailed.of(said | {"channel": channel, "attempt": attempt, "error": error})
            case Suppressed(at, attempt, why):
                first = delivery.channels[0]
                data = events.NotificationSuppressed.of(said | {"channel": first, "attempt": attempt, "why": why})
            case _:
                continue
        occasion = "|".join(("delivery", delivery.id, *delivery.failed_ways))
        yield Fact(data, DELIVERIES, state.ticket_id, at, occasion)


def _officer(code: str | None) -> events.Author | None:
    return None if code is None else events.Author(role=Role.OFFICER, code=code)
