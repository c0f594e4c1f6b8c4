"""Updates that have come before their complaint: how long they wait, and what is said if it does not come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.routing.domain.agency_choice.rules import EarlyUpdates, RoutingPolicy
from services.routing.domain.lifecycle.commands import COMMANDS, Update, untraced
from services.routing.domain.lifecycle.masking import masked
from services.routing.domain.lifecycle.permissions import bars
from services.routing.domain.ticket.refusals import EARLY_MAX, EARLY_PER_SENDER_MAX, NOT_FOUND
from services.routing.domain.ticket.state import Awaited, EarlyUpdate, State
from shared.events import Applied, Decision, Fact, Ignored, Untracked
from shared.values import replace

LATE_MAX = timedelta(minutes=5)
"""So late may a sweep be that nobody was away; see `end_waits`."""


def remember(policy: RoutingPolicy, awaited: Awaited | None, update: Update, now: datetime) -> Decision[State]:
    """Keep an update until its complaint comes or its wait ends; refuse it if too many of its sender wait already.

    What its sender may ask of no ticket does not wait. The rest waits from *now* on, not from when it came to the
    broker: whoever has been away reads old updates, and the complaint may lie unread on another topic.
    """
    waiting = awaited.updates if awaited else ()
    too_many = len(waiting) >= EARLY_MAX or len(_of_source(waiting, update.source)) >= EARLY_PER_SENDER_MAX
    refusal = bars(policy, update.sender, update.command) or (NOT_FOUND if too_many else None)
    if refusal:
        return Untracked(untraced(policy, update, refusal))
    command, until = update.command, now + policy.early_updates.wait_for
    early = EarlyUpdate(update.id, update.source, command.TYPE, command.model_dump_json(), update.at, until)
    remembers = replace(awaited or Awaited(), updates=(*waiting, early), ended_at=None)
    return Ignored("its complaint has not come yet; it is remembered", remembers)


def _of_source(waiting: Sequence[EarlyUpdate], source: str) -> list[EarlyUpdate]:
    return [early for early in waiting if early.source == source]


def remembered(policy: RoutingPolicy, early: EarlyUpdate) -> Update:
    """Return an early update as it was kept, masked: release 0.1.0 kept what people wrote as it came."""
    command = COMMANDS[early.type].model_validate_json(early.data)
    return masked(Update(early.id, early.source, command, early.arrived_at), policy.masker)


def due_at(rules: EarlyUpdates, state: State) -> datetime | None:
    """Return when the first wait ends; None if no update waits."""
    if not isinstance(state, Awaited):
        return None
    return min((_ends_at(rules, early) for early in state.updates), default=None)


def expires_at(rules: EarlyUpdates, state: State) -> datetime | None:
    """Return from when on nobody needs to know that updates have waited in vain; None if something else is known.

    What other tickets have told one of which nobody has heard is kept for good: a part must end as it begins if the
    whole was withdrawn, and a link that is heard again must get the same answer.
    """
    if not isinstance(state, Awaited) or state.ended_at is None or state.withdrawn or state.linked or state.erased:
        return None
    return state.ended_at + rules.remember_for


def end_waits(policy: RoutingPolicy, state: State, now: datetime) -> Applied[State] | Ignored[State]:
    """Return the answers to those updates whose wait has ended by *now*.

    A wait that ended long ago ended while nobody was here, and complaints may have come meanwhile and lie unread: it
    goes on for as long as that was, since catching up takes less than what is caught up with.
    """
    rules, updates = policy.early_updates, state.updates if isinstance(state, Awaited) else ()
    over = [early for early in updates if _ends_at(rules, early) <= now]
    if not isinstance(state, Awaited) or not over:
        return Ignored("no wait has ended")
    late_by = now - min(_ends_at(rules, early) for early in over)
    if late_by > LATE_MAX:
        until = now + min(late_by, rules.wait_for)
        longer = tuple(replace(early, waits_until=until) if early in over else early for early in updates)
        return Ignored("nobody was here when the wait ended", replace(state, updates=longer))
    waiting = tuple(early for early in updates if early not in over)
    facts = tuple(fact for early in over for fact in _in_vain(policy, early))
    return Applied(replace(state, updates=waiting, ended_at=None if waiting else now), facts)


def _ends_at(rules: EarlyUpdates, early: EarlyUpdate) -> datetime:
    # Release 0.1.0 let updates wait for ever; what it stored says only when they came.
    return early.waits_until or early.arrived_at + rules.wait_for


def _in_vain(policy: RoutingPolicy, early: EarlyUpdate) -> tuple[Fact, ...]:
    """Return the refusal of an update for which no complaint came.

    Its ids follow from update and instant, not from the document's revision: once that has expired, another document
    of the same ticket may come to the same revision with other updates.
    """
    ended_at = _ends_at(policy.early_updates, early)
    refused = untraced(policy, replace(remembered(policy, early), at=ended_at), NOT_FOUND)
    return tuple(replace(fact, occasion=f"in vain|{early.id}|{ended_at.isoformat()}|{fact.topic}") for fact in refused)
