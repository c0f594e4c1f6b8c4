"""Whether the demo's story is complete, and its figures, from the events so far."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared import events as e
from tindak.demo_story.cast import Cast
from tindak.demo_story.chronicle import Chronicle

ENDED = frozenset({"closed", "archived", "withdrawn"})
TOLD_AT_THE_END = frozenset({"closed", "closed_by_system", "archived", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Notices:
    """How many notices of one kind went to one role by one channel, and the subject of one of them."""

    role: str
    channel: str
    notice: str
    count: int
    subject: str | None


def missing(chronicle: Chronicle, cast: Cast) -> list[str]:
    """Return what the story still lacks, a sentence each; nothing once it is complete."""
    lacks = [f"nobody has heard {what} (tickets {', '.join(ids)})" for what, ids in cast.unplayed().items()]
    lacks += [name for name, is_there in MOMENTS.items() if not is_there(chronicle)]
    for accepted in chronicle.all(e.ComplaintAccepted):
        name = f"{accepted.tracking_id} ({accepted.source_id})"
        if _state_of(chronicle, accepted.ticket_id) not in ENDED:
            lacks.append(f"{name} has not come to its end")
        elif not _is_told_of_its_end(chronicle, accepted.ticket_id):
            lacks.append(f"the reporter of {name} was not told of its end")
    return lacks


def _state_of(chronicle: Chronicle, ticket_id: str) -> str | None:
    """Return the state of a ticket as its last fact names it, or None while nothing is known of it."""
    facts = chronicle.all(e.TicketFact, ticket_id)
    history = [fact for fact in facts if not isinstance(fact, e.UpdateRefused)]
    return max(history, key=lambda fact: fact.version).state if history else None


def _is_told_of_its_end(chronicle: Chronicle, ticket_id: str) -> bool:
    return any(each.notice in TOLD_AT_THE_END for each in chronicle.all(e.DeliveryFact, ticket_id))


MOMENTS: Mapping[str, Callable[[Chronicle], bool]] = {
    "no ticket was routed a second time": lambda told: any(each.hop == 2 for each in told.all(e.TicketRouted)),
    "no ticket was routed by the text model": lambda told: any(
        each.decided_by is e.DecidedBy.MODEL for each in told.all(e.TicketRouted)
    ),
    "no ticket was held": lambda told: any(told.all(e.TicketHeld)),
    "no held ticket went on": lambda told: any(told.all(e.TicketResumed)),
    "no clock was breached": lambda told: any(told.all(e.ClockBreached)),
    "no breach was cleared": lambda told: any(told.all(e.BreachCleared)),
    "no update was refused": lambda told: any(told.all(e.UpdateRefused)),
    "no ticket was opened again": lambda told: any(told.all(e.TicketReopened)),
    "no reporter gave a rating": lambda told: any(each.rating for each in told.all(e.TicketClosed)),
    "no ticket was closed by the system": lambda told: any(
        each.by is e.ClosedBy.SYSTEM for each in told.all(e.TicketClosed)
    ),
}
"""What must happen to one ticket or another, by the sentence that says that it has not."""


def figures(chronicle: Chronicle, channels: Counter[str]) -> dict[str, str]:
    """Return what the story came to, in words; *channels* counts what was submitted by each."""
    accepted = {each.ticket_id for each in chronicle.all(e.ComplaintAccepted)}
    refused = Counter(each.reasons[0].code for each in chronicle.all(e.ComplaintRejected))
    routed = Counter(each.decided_by.value for each in chronicle.all(e.TicketRouted))
    closed = Counter(each.by.value for each in chronicle.all(e.TicketClosed))
    sent, failed = count(chronicle, e.NotificationSent), count(chronicle, e.NotificationFailed)
    suppressed = Counter(each.why for each in chronicle.all(e.NotificationSuppressed))
    withheld = f" ({_listed(suppressed)})" if suppressed else ""
    return {
        "submitted": f"{channels.total()} complaints by {len(channels)} channels",
        "accepted": f"{len(accepted)}",
        "refused": f"{refused.total()}: {_listed(refused)}",
        "routed": f"{routed.total()}: {_listed(routed)}",
        "triage": f"{count(chronicle, e.TriageRequested)}",
        "closed": f"{closed.total()}: {_listed(closed)}",
        "breaches": f"{count(chronicle, e.ClockBreached)}, escalated {count(chronicle, e.BreachEscalated)} times",
        "notices": f"{sent} sent, {failed} failed, {suppressed.total()} suppressed{withheld}",
    }


def count(chronicle: Chronicle, kind: type[e.EventData]) -> int:
    """Return how often something of this type has been told."""
    return sum(1 for _ in chronicle.all(kind))


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted.most_common())


def notices(chronicle: Chronicle, subjects: Mapping[str, str]) -> list[Notices]:
    """Return the notices that were sent, by role, channel and notice, in the order in which each was first sent."""
    counted: Counter[tuple[str, str, str]] = Counter()
    seen: dict[tuple[str, str, str], str | None] = {}
    for sent in chronicle.all(e.NotificationSent):
        kind = (sent.recipient_role, sent.channel, sent.notice)
        counted[kind] += 1
        seen[kind] = seen.get(kind) or subjects.get(sent.provider_id or "")
    return [Notices(*kind, counted[kind], subject) for kind, subject in seen.items()]
