"""Tickets that are followed together: joining, leaving and counting; never who is alike, or what a leader passes on.

Each ticket decides only about itself. Who follows whom is told on ``tickets.links`` under the ticket that must hear of
it; the one that follows says so first, and the one that leads counts it or refuses. A ticket that is refused leaves.
"""

from dataclasses import replace
from datetime import datetime

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.clusters.broadcast import branched, go_along, offer
from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.domain.ticket.state import Awaited, Filed, Held, InTriage, Situation, State, WithAgency
from services.routing.domain.ticket.transition import Turn, listener_of
from shared import events
from shared.events import Applied, Decision, Fact, Ignored
from shared.topics import LINKS, TICKETS

LEADER_ENDED, LEADER_FOLLOWS, FULL, UNKNOWN_LEADER = "leader_ended", "leader_follows", "full", "unknown_leader"


def _is_open(situation: Situation) -> bool:
    """Return whether work on the ticket goes on, so that others may join it."""
    return isinstance(situation, InTriage | WithAgency | Held)


def marked(rules: ClusterRules, filed: Filed) -> Filed:
    """Return the ticket with a mark whether reports like it may join it."""
    ticket = filed.ticket
    leads = ticket.cluster is None and len(ticket.members) < rules.members_max
    findable = rules.accept and ticket.sketch is not None and leads and _is_open(filed.situation)
    return filed if findable is ticket.findable else Filed(replace(ticket, findable=findable), filed.situation)


def join(turn: Turn, leader: str) -> Turn:
    """Return the turn after the ticket has joined *leader*."""
    joined = turn.change(cluster=leader).tell(events.ClusterJoined, turn.situation, cluster=leader)
    return joined.link(link_to(joined, leader))


def link_to(turn: Turn, leader: str) -> events.TicketLinked:
    """Return what *leader* is told about the ticket that follows it."""
    ticket = turn.ticket
    return events.TicketLinked(ticket_id=leader, member=ticket.id, tracking_id=ticket.tracking_id, report=ticket.report)


def _leave(turn: Turn, leader: str, reason: str) -> Turn:
    left = turn.change(cluster=None).tell(events.ClusterLeft, turn.situation, cluster=leader, reason=reason)
    return left.link(events.TicketUnlinked(ticket_id=leader, member=turn.ticket.id))


def hear(policy: RoutingPolicy, state: State | None, link: events.Link, at: datetime) -> Decision[State]:
    """Return what follows from a link for the ticket that must hear of it."""
    passed_on: tuple[Fact, ...] = ()
    if isinstance(link, events.Branching):
        passed_on = tuple(Fact(each, LINKS, each.ticket_id, at) for each in branched(link.then, link))
    if not isinstance(state, Filed):
        # Recorded, so that the answer stays the same when the complaint has come meanwhile.
        return Applied(replace(state or Awaited(), linked=True), passed_on + _unheard_of(link, at))
    turn = Turn(state.ticket, state.situation, at)
    after = _follow_link(policy, turn, link) or turn
    facts = passed_on + after.facts
    filed = Filed(after.ticket, after.situation)
    return Applied(filed, facts) if facts else Ignored("nothing follows from it", filed)


def _unheard_of(link: events.Link, at: datetime) -> tuple[Fact, ...]:
    if not isinstance(link, events.TicketLinked):
        return ()
    refused = events.LinkRefused(ticket_id=link.member, leader=link.ticket_id, reason=UNKNOWN_LEADER)
    return (Fact(refused, LINKS, link.member, at),)


def _follow_link(policy: RoutingPolicy, turn: Turn, link: events.Link) -> Turn | None:
    """Return the turn after a link; None if it changes nothing."""
    ticket = turn.ticket
    match link:
        case events.TicketLinked(member=member) if member not in ticket.members:
            why = _why_not(policy.clusters, turn)
            if why:
                return turn.link(events.LinkRefused(ticket_id=member, leader=ticket.id, reason=why))
            return _counted(turn, (*ticket.members, member), member, link.report)
        case events.TicketUnlinked(member=member) if member in ticket.members:
            return _counted(turn, tuple(other for other in ticket.members if other != member), member, None)
        case events.LinkRefused(leader=leader) if leader == ticket.cluster:
            return _leave(turn, leader, link.reason)
        case events.LeaderChanged(leader=leader) if leader == ticket.cluster:
            return _change_leader(turn, leader, link.successor)
        case events.AnswerPassedOn(leader=leader) if leader == ticket.cluster:
            return offer(turn, link)
        case events.LeaderRouted(leader=leader) if leader == ticket.cluster:
            return go_along(policy, turn, link)
        case _:
            return None


def _why_not(rules: ClusterRules, turn: Turn) -> str | None:
    """Return why nobody can join the ticket now; None if somebody can."""
    if not _is_open(turn.situation):
        return LEADER_ENDED
    if turn.ticket.cluster is not None:
        return LEADER_FOLLOWS
    return FULL if len(turn.ticket.members) >= rules.members_max else None


def _counted(turn: Turn, members: tuple[str, ...], member: str, report: events.Report | None) -> Turn:
    """Return the turn after the ticket has other members; whoever has it gets the text of one that has come."""
    told = turn.change(members=members).say(
        events.ClusterCounted,
        turn.situation,
        (TICKETS,),
        member=member,
        joined=report is not None,
        members=len(members),
    )
    hears = listener_of(turn.situation)
    return told if hears is None else told.also(told.facts[-1].data.model_copy(update={"report": report}), hears)


def _change_leader(turn: Turn, leader: str, successor: str) -> Turn:
    """Return the turn after the ticket follows another one than before; the successor itself follows nobody."""
    if successor == turn.ticket.id:
        return _leave(turn, leader, LEADER_ENDED)
    gone = turn.link(events.TicketUnlinked(ticket_id=leader, member=turn.ticket.id))
    return join(gone, successor)
