"""What follows from one event, whatever it is; the rules themselves stand in the other modules."""

from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.clusters.broadcast import broadcast_routing
from services.routing.domain.clusters.membership import decide_link, with_findable
from services.routing.domain.duplicates.candidates import NO_CANDIDATES, Candidates
from services.routing.domain.lifecycle import opening, timeouts
from services.routing.domain.lifecycle.commands import Request, Update, follow
from services.routing.domain.lifecycle.due_times import ClockChange, follow_clock
from services.routing.domain.lifecycle.early_updates import remember
from services.routing.domain.lifecycle.masking import masked
from services.routing.domain.lifecycle.parts import decide_part_link, notify_whole
from services.routing.domain.lifecycle.status import answer_question, tell_status
from services.routing.domain.ticket.privacy import forgotten
from services.routing.domain.ticket.state import Filed, State
from shared import events
from shared.events import Applied, Arrival, Decision, Event, Ignored
from shared.values import value


@value
class LookedUp:
    """What was looked up before deciding.

    Args:
        prediction: What a text model makes of the ticket's report.
        candidates: Open reports like it.
    """

    prediction: MaybePrediction = NO_MODEL
    candidates: Candidates = NO_CANDIDATES


NOTHING_LOOKED_UP = LookedUp()


def decide(
    state: State | None, event: Event, arrival: Arrival, policy: RoutingPolicy, *, known: LookedUp = NOTHING_LOOKED_UP
) -> Decision[State]:
    """Return what follows from *event* for the ticket that it concerns; never raises for an event that routing hears.

    Between two topics there is no order: updates that come before their complaint wait for it, and a clock cannot run
    before routing has said that it may.

    Args:
        known: About a new report.
    """
    decision = _follows(state, event, arrival, policy, known)
    match decision:
        case Applied(Filed() as filed, facts):
            whole = notify_whole(state, Applied(with_findable(policy.clusters, filed, arrival.now), facts))
            return erased_for_good(state, tell_status(policy, state, broadcast_routing(whole), event.time))
        case Ignored(because, Filed() as filed):
            return Ignored(because, with_findable(policy.clusters, filed, arrival.now))
        case _:
            return decision


def erased_for_good(before: State | None, decision: Applied[Filed]) -> Applied[Filed]:
    """Return *decision*; of a ticket whose reporter was erased it keeps no text, whatever has been written since."""
    if not decision.state.ticket.erased:
        return decision
    is_new = not isinstance(before, Filed) or not before.ticket.erased
    return Applied(forgotten(decision.state), decision.facts, erases=is_new)


def _follows(
    state: State | None, event: Event, arrival: Arrival, policy: RoutingPolicy, known: LookedUp
) -> Decision[State]:
    """Return what follows from *event*, but for the mark whether others may join the ticket."""
    filed = state if isinstance(state, Filed) else None
    awaited = None if isinstance(state, Filed) else state
    match event.data:
        case events.ComplaintAccepted() as complaint if filed is None:
            return opening.file(policy, awaited, complaint, arrival.now, known.prediction, known.candidates)
        case events.ComplaintAccepted():
            return Ignored("the complaint has been filed before", filed)
        # Before the long unions: that a link is none of them takes thirty times as long to find out.
        case link if isinstance(link, events.PartLink):
            return decide_part_link(policy, state, link, event.time, known.prediction)
        case link if isinstance(link, events.Link):
            return decide_link(policy, state, link, event.time)
        case change if filed is not None and isinstance(change, ClockChange):
            return follow_clock(filed, change, event.time)
        case events.StatusAsked() as asked if filed is not None:
            return answer_question(policy, filed, asked)
        case command if isinstance(command, Request):
            update = masked(Update(event.id, event.source, command, arrival.arrived_at), policy.masker)
            if filed is None:
                return remember(policy, awaited, update, arrival.now)
            return follow(policy, filed, update, known.prediction)
        case _ if filed is None:
            return Ignored("the complaint has not come yet")
        case events.FeedbackWindowExpired() as expired:
            return timeouts.close_unanswered(filed, expired, arrival.now)
        case events.CompletionWindowExpired() as expired:
            return timeouts.archive_incomplete(filed, expired, arrival.now)
        case reminder if isinstance(reminder, timeouts.Reminder):
            return timeouts.remind(filed, reminder, event.time)
        case _:
            return Ignored("the clock concerns others only")
