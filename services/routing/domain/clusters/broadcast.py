"""What a leader passes on to those who follow it, and what each of them makes of it; never who follows whom."""

from collections.abc import Sequence
from dataclasses import replace

from services.routing.domain.agency_choice.explanation import step
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.ticket.state import Answered, Filed, Held, InTriage, Led, Stage, WithAgency
from services.routing.domain.ticket.transition import Turn, leave_hold
from shared import events
from shared.events import Applied, Fact
from shared.topics import LINKS

BRANCHES = 8  # a leader tells so many, each of them as many more: no document holds more copies of an answer


def branched(members: Sequence[str], link: events.Branching) -> tuple[events.Branching, ...]:
    """Return *link* for all of *members*: each goes to one of them, which passes it on to its share of the others."""
    size = -(-len(members) // BRANCHES) if members else 0
    shares = [members[first : first + size] for first in range(0, len(members), size)] if size else []
    return tuple(link.model_copy(update={"ticket_id": share[0], "then": tuple(share[1:])}) for share in shares)


def pass_answer_on(turn: Turn, agency: str, asked: events.AnswerTicket) -> Turn:
    """Return the turn after the answer has been sent on to all who follow the ticket."""
    link = events.AnswerPassedOn(
        ticket_id=turn.ticket.id, leader=turn.ticket.id, agency=agency, answer=asked.answer,
        attachments=asked.attachments, final=asked.final,
    )  # fmt: skip
    return turn.link(*branched(turn.ticket.members, link))


def offer(turn: Turn, link: events.AnswerPassedOn) -> Turn | None:
    """Return the turn after the agency's answer to the leader has been offered; None if it has not the ticket."""
    situation = turn.situation
    if not isinstance(situation, WithAgency | Held) or situation.agency != link.agency:
        return None
    about = {"answer": link.answer, "attachments": link.attachments, "final": link.final}
    if not link.final:
        at_work = replace(situation, stage=Stage.IN_PROGRESS)
        return turn.tell(events.AnswerOffered, at_work, cluster=link.leader, **about)
    turn = leave_hold(turn, situation) if isinstance(situation, Held) else turn
    turn = turn.change(answers=turn.ticket.answers + 1)
    return turn.tell(events.AnswerOffered, Answered(situation.agency), cluster=link.leader, **about)


def hand_over(turn: Turn, successor: str | None = None) -> Turn:
    """Return the turn after all who follow the ticket follow *successor*, or the first of them if there is none."""
    members = turn.ticket.members
    if not members:
        return turn
    link = events.LeaderChanged(ticket_id=turn.ticket.id, leader=turn.ticket.id, successor=successor or members[0])
    return turn.link(*branched(members, link))


def take_along(decision: Applied[Filed]) -> Applied[Filed]:
    """Return *decision* with what all who follow the ticket are told, if an agency has got the ticket by it."""
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
    told = tuple(Fact(each, LINKS, each.ticket_id, ticket.at) for each in branched(ticket.members, link))
    return replace(decision, facts=(*decision.facts, *told))


def go_along(policy: RoutingPolicy, turn: Turn, link: events.LeaderRouted) -> Turn | None:
    """Return the turn after the ticket has heard where its leader went, and gone there, too, if it goes along.

    None if it has heard of a later routing before: when members come and go, two words may take different ways.
    """
    led = turn.ticket.led
    if led is not None and led.leader == link.leader and led.hop >= link.hop:
        return None
    goes, situation = _goes_along(turn, link), turn.situation
    turn = turn.change(led=Led(link.leader, link.hop))
    if not goes:
        return turn
    turn = leave_hold(turn, situation) if isinstance(situation, Held) else turn
    why = step(policy, "cluster", f"follows ticket {link.leader}, which {link.agency} has now")
    return turn.route(Chosen(link.agency, link.decided_by, (why,)), policy.name_of(link.agency))


def _goes_along(turn: Turn, link: events.LeaderRouted) -> bool:
    """Return whether the ticket goes where its leader went.

    It waits for an officer as the leader may have done, or is with an agency that the leader has left; no officer has
    chosen its agency; and only an officer's word brings it back to an agency that has had it.
    """
    ticket, situation = turn.ticket, turn.situation
    at_agency = isinstance(situation, WithAgency | Held)
    left_behind = at_agency and situation.agency in link.was and situation.agency != link.agency
    comes_back = link.agency in ticket.agencies and link.decided_by is not events.DecidedBy.OFFICER
    return (left_behind or isinstance(situation, InTriage)) and not ticket.assigned and not comes_back
