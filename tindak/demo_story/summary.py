"""Whether the demo is complete, and its figures, from the events so far."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared import events as e
from tindak.demo_story.people import People
from tindak.demo_story.recorder import EventRecorder

ENDED = frozenset({"closed", "archived", "withdrawn"})
END_NOTICES = frozenset({"closed", "closed_by_system", "archived", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Notices:
    """How many notices of one kind went to one role by one channel, and the subject of one of them."""

    role: str
    channel: str
    notice: str
    count: int
    subject: str | None


def missing(recorder: EventRecorder, people: People) -> list[str]:
    """Return a sentence for each thing that the demo still lacks."""
    lacks = [f"nobody has heard {what} (tickets {', '.join(ids)})" for what, ids in people.outstanding().items()]
    lacks += [name for name, is_there in REQUIRED.items() if not is_there(recorder)]
    for accepted in recorder.all(e.ComplaintAccepted):
        name = f"{accepted.tracking_id} ({accepted.source_id})"
        if _state_of(recorder, accepted.ticket_id) not in ENDED:
            lacks.append(f"{name} has not come to its end")
        elif not _has_end_notice(recorder, accepted.ticket_id):
            lacks.append(f"the reporter of {name} was not told of its end")
    return lacks


def _state_of(recorder: EventRecorder, ticket_id: str) -> str | None:
    """Return the state of a ticket as its last fact names it, or None while nothing is known of it."""
    facts = recorder.all(e.TicketFact, ticket_id)
    history = [fact for fact in facts if not isinstance(fact, e.UpdateRefused)]
    return max(history, key=lambda fact: fact.version).state if history else None


def _has_end_notice(recorder: EventRecorder, ticket_id: str) -> bool:
    return any(each.notice in END_NOTICES for each in recorder.all(e.DeliveryFact, ticket_id))


def _was_told_by(recorder: EventRecorder, channel: str) -> bool:
    return any(each.channel == channel for each in recorder.all(e.NotificationSent))


REQUIRED: Mapping[str, Callable[[EventRecorder], bool]] = {
    "no ticket was routed a second time": lambda events: any(each.hop == 2 for each in events.all(e.TicketRouted)),
    "no ticket was routed by the text model": lambda events: any(
        each.decided_by is e.DecidedBy.MODEL for each in events.all(e.TicketRouted)
    ),
    "no ticket was held": lambda events: any(events.all(e.TicketHeld)),
    "no held ticket went on": lambda events: any(events.all(e.TicketResumed)),
    "no clock was breached": lambda events: any(events.all(e.ClockBreached)),
    "no breach was cleared": lambda events: any(events.all(e.BreachCleared)),
    "no update was refused": lambda events: any(events.all(e.UpdateRefused)),
    "no ticket was opened again": lambda events: any(events.all(e.TicketReopened)),
    "no reporter gave a rating": lambda events: any(each.rating for each in events.all(e.TicketClosed)),
    "nobody was told by WhatsApp": lambda events: _was_told_by(events, "whatsapp"),
    "nobody was told by SMS": lambda events: _was_told_by(events, "sms"),
    "no ticket was closed by the system": lambda events: any(
        each.by is e.ClosedBy.SYSTEM for each in events.all(e.TicketClosed)
    ),
}
"""What must happen to one ticket or another, by the sentence that says that it has not."""


def figures(recorder: EventRecorder, channels: Counter[str]) -> dict[str, str]:
    """Return the figures in words; *channels* counts what was submitted by each."""
    accepted = {each.ticket_id for each in recorder.all(e.ComplaintAccepted)}
    refused = Counter(each.reasons[0].code for each in recorder.all(e.ComplaintRejected))
    routed = Counter(each.decided_by.value for each in recorder.all(e.TicketRouted))
    closed = Counter(each.by.value for each in recorder.all(e.TicketClosed))
    sent, failed = count(recorder, e.NotificationSent), count(recorder, e.NotificationFailed)
    suppressed = Counter(each.why for each in recorder.all(e.NotificationSuppressed))
    withheld = f" ({_listed(suppressed)})" if suppressed else ""
    return {
        "submitted": f"{channels.total()} complaints by {len(channels)} channels",
        "accepted": f"{len(accepted)}",
        "refused": f"{refused.total()}: {_listed(refused)}",
        "routed": f"{routed.total()}: {_listed(routed)}",
        "triage": f"{count(recorder, e.TriageRequested)}",
        "closed": f"{closed.total()}: {_listed(closed)}",
        "breaches": f"{count(recorder, e.ClockBreached)}, escalated {count(recorder, e.BreachEscalated)} times",
        "notices": f"{sent} sent, {failed} failed, {suppressed.total()} suppressed{withheld}",
    }


def count(recorder: EventRecorder, kind: type[e.EventData]) -> int:
    """Return the number of events of this type."""
    return sum(1 for _ in recorder.all(kind))


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted.most_common())


def notices(recorder: EventRecorder, subjects: Mapping[str, str]) -> list[Notices]:
    """Return the notices that were sent, by role, channel and notice, in the order in which each was first sent."""
    counted: Counter[tuple[str, str, str]] = Counter()
    seen: dict[tuple[str, str, str], str | None] = {}
    for sent in recorder.all(e.NotificationSent):
        kind = (sent.recipient_role, sent.channel, sent.notice)
        counted[kind] += 1
        seen[kind] = seen.get(kind) or subjects.get(sent.provider_id or "")
    return [Notices(*kind, counted[kind], subject) for kind, subject in seen.items()]
