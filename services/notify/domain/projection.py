"""How events change what notify knows of a ticket."""

from collections.abc import Mapping
from typing import Any

from services.notify.domain.complaint import complaint_of
from services.notify.domain.contact import Erased, Sealed
from services.notify.domain.correspondence import Correspondence, Handling, Part, RunningClock
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.domain.standing import standing_after
from shared import events
from shared.values import replace

ENDED = frozenset({"closed", "archived", "withdrawn"})
GOES_ON = (events.TicketReopened, events.TicketPartReopened)
# Tuples: a union would be made anew for each event.
ABOUT_PARTS = (events.TicketFact, events.ClockFact)
BY_REPORTER = (events.ReporterReplied, events.TicketReopened)
WISHES = (events.MessagesStopped, events.MessagesResumed)
# By type, for most events are of none of them, and asking for a class that one is not takes several times as long.
MAY_BE_BY_REPORTER = frozenset(kind.TYPE for kind in (events.TicketClosed, *BY_REPORTER, *WISHES))
ERASING = frozenset(kind.TYPE for kind in (events.ContactErased, events.ReporterErased))
WRITTEN = frozenset({"answer", "note", "question", "reason", "text", "why"})
"""What a delivery may tell in words that somebody has written."""


def part_of(data: events.EventData) -> tuple[str, int] | None:
    """Return ticket id and number of the part that *data* is about; None if it is about no part."""
    # Most have none, and what one holds is found in a fraction of the time that its classes take.
    number: int | None = vars(data).get("part")
    return (data.ticket_id, number) if number is not None and isinstance(data, ABOUT_PARTS) else None


def _is_by_reporter(data: events.EventData) -> bool:
    if isinstance(data, events.TicketClosed):
        return data.by is events.ClosedBy.REPORTER
    return isinstance(data, BY_REPORTER)


def project(state: Correspondence, data: events.EventData) -> Correspondence:
    """Return the projection after *data*; *state* itself if that holds nothing new for notify."""
    about, erases = part_of(data), data.TYPE in ERASING
    changes: dict[str, Any] = {}
    if not erases:
        changes = _changes(state, data) if about is None else _changes_of_part(state, *about, data)
    tracking_id = vars(data).get("tracking_id")
    if tracking_id:
        changes["tracking_id"] = tracking_id
    if data.TYPE in MAY_BE_BY_REPORTER:
        changes |= _changes_by_reporter(state, data)
    after = state if _holds(state, changes) else replace(state, **changes)
    if not erases and not isinstance(state.contact, Erased):
        return after
    left = forgotten(after)
    return state if left == state else left


def _holds(state: Correspondence, changes: Mapping[str, Any]) -> bool:
    return {name: getattr(state, name) for name in changes} == changes


def _changes_by_reporter(state: Correspondence, data: events.EventData) -> dict[str, Any]:
    changes: dict[str, Any] = {"has_acted": state.has_acted or _is_by_reporter(data)}
    if isinstance(data, WISHES) and (state.wished_at is None or data.at >= state.wished_at):
        name = "is_stopped_everywhere" if data.scope is events.MessageScope.ADDRESS else "is_stopped"
        changes |= {name: isinstance(data, events.MessagesStopped), "wished_at": data.at}
    return changes


def forgotten(state: Correspondence) -> Correspondence:
    """Return the projection without the contact and without any text, so that nothing names the reporter."""
    complaint = state.complaint
    return replace(
        state,
        contact=Erased(),
        complaint=complaint and replace(complaint, title="", place=None),
        **_unwritten(state),
        parts={part: replace(known, **_unwritten(known)) for part, known in state.parts.items()},
        deliveries=tuple(_wordless(each) for each in state.deliveries),
        unsent=tuple(_wordless(each) for each in state.unsent if each.role != REPORTER),
    )


def _wordless(delivery: Delivery) -> Delivery:
    """Return *delivery* without what somebody has written; a status repeats the question in its sentences, too."""
    bare = delivery.without(WRITTEN)
    if "message_id" not in bare.told:
        return bare
    return replace(bare, told={**bare.told, "message_id": bare.told["state_id"], "message_en": bare.told["state_en"]})


def _unwritten(known: Handling) -> dict[str, Any]:
    return {"question": None, "standing": replace(known.standing, answer=None)}


def _changes_of_part(state: Correspondence, part: str, number: int, data: events.EventData) -> dict[str, Any]:
    known = state.parts.get(part) or Part(number)
    return {"parts": {**state.parts, part: replace(known, number=number, **_changes(known, data))}}


def _changes(known: Handling, data: events.EventData) -> dict[str, Any]:
    """Return the fields that *data* changes, of the whole or of the part that it is about."""
    changes = _changes_of_handling(known, data)
    standing = standing_after(known.standing, data)
    if standing is not known.standing:
        changes["standing"] = standing
    return changes


def _changes_of_handling(known: Handling, data: events.EventData) -> dict[str, Any]:
    match data:
        case events.ClockStarted():
            run = RunningClock(data.started_at, data.due_at, in_working_time=data.is_in_working_time)
            return {"clocks": {**known.clocks, data.clock: run}}
        case events.TicketFact():
            # A refusal says nothing of the ticket.
            about = {} if isinstance(data, events.UpdateRefused) else _held_by(known, data) | _ended(known, data)
            return about | _changes_by_fact(known, data)
        case events.ComplaintAccepted():
            return {"complaint": complaint_of(data)}
        case events.ContactSealed():
            return {"contact": Sealed(data.sealed, data.key_id, data.locale.value, data.scheme, data.info)}
        case events.ClockMet(met_at=at) | events.ClockStopped(stopped_at=at) if data.clock in known.clocks:
            run = known.clocks[data.clock]
            return {} if at < run.started_at else {"clocks": {**known.clocks, data.clock: replace(run, over_at=at)}}
        case events.ClockResumed() | events.DueChanged() if data.clock in known.clocks:
            moved = replace(known.clocks[data.clock], due_at=data.due_at)
            return {"clocks": {**known.clocks, data.clock: moved}}
        case _:
            return {}


def _changes_by_fact(known: Handling, data: events.TicketFact) -> dict[str, Any]:
    match data:
        case events.TicketRouted() if data.version > known.version:
            routed = {"priority": data.priority.value, "classification": data.classification.value}
            return {**routed, "version": data.version, "follows": data.cluster}
        case events.TicketReclassified() if data.version > known.version:
            priority = data.priority.value if data.priority else known.priority
            return {"priority": priority, "classification": data.classification.value, "version": data.version}
        case events.ClusterJoined(cluster=leader) | events.TicketMerged(into=leader):
            return {"follows": leader}
        case events.ClusterLeft() | events.TicketUnmerged():
            return {"follows": None}
        case events.TicketHeld():
            return {"question": data.question}
        case _:
            return {}


def _ended(known: Handling, data: events.TicketFact) -> dict[str, Any]:
    has_ended = data.state in ENDED
    changes = has_ended is (known.ended_at is None) or isinstance(data, GOES_ON)
    if not changes or data.version <= known.ended_version:
        return {}
    return {"ended_at": data.at if has_ended else None, "ended_version": data.version}


def _held_by(known: Handling, data: events.TicketFact) -> dict[str, Any]:
    # Documents of release 0.1.0 know one version only.
    if data.version <= known.agency_version or data.version <= known.version or data.agency == known.agency:
        return {}
    return {"agency": data.agency, "agency_version": data.version}
