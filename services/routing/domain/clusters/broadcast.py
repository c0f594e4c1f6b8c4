"""What a leader passes on to those who follow it, and what each of them makes of it; never who follows whom."""

from collections.abc import Sequence

from services.routing.domain.agency_choice.explanation import step
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.ticket.state import Answered, Filed, Held, InTriage, Led, Stage, WithAgency
from services.routing.domain.ticket.transition import Transition, leave_hold
from shared import events
from shared.events import Applied, Fact
from shared.topics import LINKS
from shared.values import replace

BRANCHES = 8  # a leader tells so many, each of them as many more: no document holds more copies of an answer


def branched(members: Sequence[str], link: events.Branching) -> tuple[events.Branching, ...]:
    """Return *link* for all of *members*: each goes to one of them, which passes it on to its share of the others."""
    size = -(-len(members) // BRANCHES) if members else 0
    shares = [members[first : first + size] for first in range(0, len(members), size)] if size else []
    return tuple(link.model_copy(update={"ticket_id": share[0], "then": tuple(share[1:])}) for share in shares)


def pass_answer_on(transition: Transition, agency: str, asked: events.AnswerTicket) -> Transition:
    """Return the transition after the answer has been sent on to all who follow the ticket."""
    link = events.AnswerPassedOn(
        ticket_id=transition.ticket.id, leader=transition.ticket.id, agency=agency, answer=asked.answer,
        attachments=asked.attachments, final=asked.final,
    )  # fmt: skip
    return transition.link(*branched(transition.ticket.members, link))


def offer(transition: Transition, link: events.AnswerPassedOn) -> Transition | None:
    """Return the transition after the agency's answer to the leader has been offered; None if it has not the ticket."""
    situation = transition.situation
    if not isinstance(situation, WithAgency | Held) or situation.agency != link.agency:
        return None
    about = {"answer": link.answer, "attachments": link.attachments, "final": link.final}
    if not link.final:
        at_work = replace(situation, stage=Stage.IN_PROGRESS)
        return transition.add_fact(events.AnswerOffered, at_work, cluster=link.leader, **about)
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    transition = transition.change(answers=transition.ticket.answers + 1)
    return transition.add_fact(events.AnswerOffered, Answered(situation.agency), cluster=link.leader, **about)


def hand_over(transition: Transition, successor: str | None = None) -> Transition:
    """Let all who follow the ticket follow *successor*, or the first of them if there is none."""
    members = transition.ticket.members
    if not members:
        return transition
    link = events.LeaderChanged(
        ticket_id=transition.ticket.id, leader=transition.ticket.id, successor=successor or members[0]
    )
    return transition.link(*branched(members, link))


def broadcast_routing(decision: Applied[Filed]) -> Applied[Filed]:
    """Return *decision* with a link to every member of the ticket, if an agency has got the ticket by it."""
    ticket = decision.state.ticket
    if ticket.cluster is not None or not ticket.members:
        return decision
    routed = next((fact.data for fact in decision.facts if isinstance(fact.data, events.TicketRouted)), None)
    if routed is None:
        return decision
    link = events.LeaderRouted(
        ticket_id=ticket.id, leader=ticket.id, agency=routed.agency, hop=routed.hop, decided_by=routed.decided_by,
        was=tuple(dict.fromkeys(ticket.agencies[: routed.hop - 1])),
    )  # fmt: skip
    links = tuple(Fact(each, LINKS, each.ticket_id, ticket.at) for each in branched(ticket.members, link))
    return replace(decision, facts=(*decision.facts, *links))


def follow_leader_routing(
    policy: RoutingPolicy, transition: Transition, link: events.LeaderRouted
) -> Transition | None:
    """Return the transition after the ticket has heard where its leader went, and gone there, too, if it goes along.

    None if it has heard of a later routing before: when members come and go, two words may take different ways.
    """
    led = transition.ticket.led
    if led is not None and led.leader == link.leader and led.hop >= link.hop:
        return None
    goes, situation = _follows_leader(transition, link), transition.situation
    transition = transition.change(led=Led(link.leader, link.hop))
    if not goes:
        return transition
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    why = step(policy, "cluster", f"follows ticket {link.leader}, which {link.agency} has now")
    return transition.route(Chosen(link.agency, link.decided_by, (why,)), policy)


def _follows_leader(transition: Transition, link: events.LeaderRouted) -> bool:
    """Return whether the ticket goes where its leader went.

    It waits for an officer as the leader may have done, or is with an agency that the leader has left; no officer has
    chosen its agency; and only an officer's word brings it back to an agency that has had it.
    """
    ticket, situation = transition.ticket, transition.situation
    at_agency = isinstance(situation, WithAgency | Held)
    left_behind = at_agency and situation.agency in link.was and situation.agency != link.agency
    comes_back = link.agency in ticket.agencies and link.decided_by is not events.DecidedBy.OFFICER
    return (left_behind or isinstance(situation, InTriage)) and not ticket.assigned and not comes_back
