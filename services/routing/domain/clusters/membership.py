"""Membership of clusters: joining, leaving and counting.

Each ticket decides only about itself. A link is published on ``tickets.links`` under the ticket that it is for: the
member announces itself first, and the leader counts or refuses it. A refused member leaves.
"""

from datetime import datetime

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.clusters.broadcast import branched, follow_leader_routing, offer
from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.domain.ticket.state import OPEN, Awaited, Filed, Situation, State
from services.routing.domain.ticket.transition import Transition, holder_topic
from shared import events
from shared.events import Applied, Decision, Fact, Ignored
from shared.topics import LINKS, TICKETS
from shared.values import replace

LEADER_ENDED, LEADER_FOLLOWS, FULL, UNKNOWN_LEADER = "leader_ended", "leader_follows", "full", "unknown_leader"
FOLLOWED_ALONE = "followed_alone"  # says no more of the other ticket than that nobody may follow it


def is_open(situation: Situation) -> bool:
    """Return whether work on the ticket goes on, so that others may join it."""
    return isinstance(situation, OPEN)


def with_findable(rules: ClusterRules, filed: Filed, now: datetime) -> Filed:
    """Return the ticket with ``findable`` set, whether similar reports may join it, and since when."""
    ticket = filed.ticket
    leads = ticket.cluster is None and len(ticket.members) < rules.members_max
    findable = rules.accept and ticket.sketch is not None and leads and is_open(filed.situation)
    if findable is ticket.findable:
        return filed
    return Filed(replace(ticket, findable=findable, findable_since=now if findable else None), filed.situation)


def join(transition: Transition, leader: str) -> Transition:
    """Return the transition after the ticket has joined *leader*; a new one names it as its own already."""
    member = transition if transition.ticket.cluster == leader else transition.change(cluster=leader)
    joined = member.add_fact(events.ClusterJoined, transition.situation, cluster=leader)
    return joined.link(link_to(joined, leader))


def link_to(transition: Transition, leader: str) -> events.TicketLinked:
    """Return what *leader* is told about the ticket that follows it."""
    ticket = transition.ticket
    return events.TicketLinked(ticket_id=leader, member=ticket.id, tracking_id=ticket.tracking_id, report=ticket.report)


def _leave(transition: Transition, leader: str, reason: str) -> Transition:
    left = transition.change(cluster=None).add_fact(
        events.ClusterLeft, transition.situation, cluster=leader, reason=reason
    )
    return left.link(events.TicketUnlinked(ticket_id=leader, member=transition.ticket.id))


def decide_link(policy: RoutingPolicy, state: State | None, link: events.Link, at: datetime) -> Decision[State]:
    """Return what follows from a link for the ticket that it is for."""
    passed_on: tuple[Fact, ...] = ()
    if isinstance(link, events.Branching):
        passed_on = tuple(Fact(each, LINKS, each.ticket_id, at) for each in branched(link.then, link))
    if not isinstance(state, Filed):
        # Recorded, so that the answer stays the same when the complaint has come meanwhile.
        return Applied(replace(state or Awaited(), linked=True), passed_on + _unheard_of(link, at))
    transition = Transition(state.ticket, state.situation, at)
    after = _apply_link(policy, transition, link) or transition
    facts = passed_on + after.facts
    filed = Filed(after.ticket, after.situation)
    return Applied(filed, facts) if facts else Ignored("nothing follows from it", filed)


def _unheard_of(link: events.Link, at: datetime) -> tuple[Fact, ...]:
    if not isinstance(link, events.TicketLinked):
        return ()
    refused = events.LinkRefused(ticket_id=link.member, leader=link.ticket_id, reason=UNKNOWN_LEADER)
    return (Fact(refused, LINKS, link.member, at),)


def _apply_link(policy: RoutingPolicy, transition: Transition, link: events.Link) -> Transition | None:
    """Return the transition after a link; None if it changes nothing."""
    ticket = transition.ticket
    match link:
        case events.TicketLinked(member=member) if member not in ticket.members:
            refusal = _join_refusal(policy.clusters, transition)
            if refusal:
                return transition.link(events.LinkRefused(ticket_id=member, leader=ticket.id, reason=refusal))
            return _counted(transition, (*ticket.members, member), member, link.report)
        case events.TicketUnlinked(member=member) if member in ticket.members:
            return _counted(transition, tuple(other for other in ticket.members if other != member), member, None)
        case events.LinkRefused(leader=leader) if leader == ticket.cluster:
            return _leave(transition, leader, link.reason)
        case events.LeaderChanged(leader=leader) if leader == ticket.cluster:
            return _change_leader(transition, leader, link.successor)
        case events.AnswerPassedOn(leader=leader) if leader == ticket.cluster:
            return offer(transition, link)
        case events.LeaderRouted(leader=leader) if leader == ticket.cluster:
            return follow_leader_routing(policy, transition, link)
        case _:
            return None


def _join_refusal(rules: ClusterRules, transition: Transition) -> str | None:
    """Return why nobody can join the ticket now; None if somebody can."""
    if not is_open(transition.situation):
        return LEADER_ENDED
    if transition.ticket.cluster is not None:
        return LEADER_FOLLOWS
    if transition.ticket.report.sensitive is not None:
        return FOLLOWED_ALONE
    return FULL if len(transition.ticket.members) >= rules.members_max else None


def _counted(transition: Transition, members: tuple[str, ...], member: str, report: events.Report | None) -> Transition:
    """Return the transition after the ticket has other members; whoever has it gets the text of one that has come."""
    grown = transition.change(members=members).add_fact_on(
        events.ClusterCounted,
        transition.situation,
        (TICKETS,),
        member=member,
        joined=report is not None,
        members=len(members),
    )
    holder = holder_topic(transition.situation)
    return grown if holder is None else grown.also(grown.facts[-1].data.model_copy(update={"report": report}), holder)


def _change_leader(transition: Transition, leader: str, successor: str) -> Transition:
    """Return the transition after the ticket follows another one than before; the successor itself follows nobody."""
    if successor == transition.ticket.id:
        return _leave(transition, leader, LEADER_ENDED)
    gone = transition.link(events.TicketUnlinked(ticket_id=leader, member=transition.ticket.id))
    return join(gone, successor)
