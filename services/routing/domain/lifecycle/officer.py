"""What officers decide about a ticket, and what agencies correct in it; never who may."""

from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.explanation import step
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.clusters.broadcast import hand_over
from services.routing.domain.clusters.membership import link_to
from services.routing.domain.lifecycle.splitting import divide
from services.routing.domain.ticket.refusals import (
    AGENCY_OR_AGENCIES,
    ALREADY_MERGED,
    ARCHIVED_BEFORE,
    FOLLOWED_ALONE,
    FOLLOWS_NOBODY,
    FOLLOWS_THAT_ONE,
    HAS_IT_ALREADY,
    MERGED_WITH_ITSELF,
    NOT_AS_SENSITIVE,
    NOT_PERMITTED,
    THAT_KIND_ALREADY,
    UNKNOWN_REASON,
    unknown_agency,
    wrong_state,
)
from services.routing.domain.ticket.state import Answered, Archived, Held, InTriage, Situation, WithAgency, name_of
from services.routing.domain.ticket.transition import Outcome, Transition, leave_hold
from shared import events
from shared.events.complaints import without_sensitive
from shared.senders import Role
from shared.topics import TICKETS


def assign(transition: Transition, situation: Situation, asked: events.AssignTicket, policy: RoutingPolicy) -> Outcome:
    """An officer's choice of the agency, or of several, wins over everything, as long as the ticket has not ended."""
    if not isinstance(situation, InTriage | WithAgency | Held | Answered):
        return wrong_state(name_of(situation))
    if (asked.agency is None) is (not asked.agencies):
        return AGENCY_OR_AGENCIES
    if asked.agency is None:
        return divide(transition, situation, asked, policy)
    if asked.agency not in policy.agencies:
        return unknown_agency(asked.agency)
    if isinstance(situation, WithAgency | Held) and situation.agency == asked.agency:
        return HAS_IT_ALREADY
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    choice = Chosen(asked.agency, events.DecidedBy.OFFICER, (step(policy, "officer", asked.reason),))
    return transition.change(assigned=True).route(choice, policy)


def reclassify(
    transition: Transition, situation: Situation, asked: events.ReclassifyTicket, policy: RoutingPolicy
) -> Outcome:
    """Correct what kind of report it is; the agency stays the same."""
    if not isinstance(situation, InTriage | WithAgency | Held | Answered):
        return wrong_state(name_of(situation))
    if asked.ordinary:
        return _mark_ordinary(transition, situation, asked, policy)
    known = policy.category_of(asked.category)
    was, category = transition.ticket.classification, known.code if known else asked.category
    if was is asked.classification and category in (None, transition.ticket.category):
        return THAT_KIND_ALREADY
    changed = transition.change(classification=asked.classification, category=category or transition.ticket.category)
    return changed.add_fact(
        events.TicketReclassified,
        situation,
        classification=asked.classification,
        was=was,
        category=changed.ticket.category,
        reason=asked.reason,
    )


def _mark_ordinary(
    transition: Transition, situation: Situation, asked: events.ReclassifyTicket, policy: RoutingPolicy
) -> Outcome:
    """Take back that a report is sensitive; it stays confidential, for what its reporter asked for is not known."""
    ticket, author = transition.ticket, transition.author
    if author is None or author.role != Role.OFFICER:
        return NOT_PERMITTED
    if ticket.report.sensitive is None:
        return NOT_AS_SENSITIVE
    report = ticket.report.model_copy(update={"flags": without_sensitive(ticket.report.flags)})
    known = policy.category_of(asked.category)
    category = known.code if known else asked.category
    changed = transition.change(
        report=report, priority=read(policy, report).priority, classification=asked.classification,
        category=category or ticket.category,
    )  # fmt: skip
    return changed.add_fact(
        events.TicketReclassified,
        situation,
        classification=asked.classification,
        was=ticket.classification,
        category=changed.ticket.category,
        reason=asked.reason,
        priority=changed.ticket.priority,
    )


def archive(transition: Transition, situation: Situation, asked: events.ArchiveTicket) -> Outcome:
    """Put the ticket away without an answer."""
    match situation:
        case InTriage() | WithAgency() | Held() | Answered() if asked.reason not in list(events.ArchiveReason):
            return UNKNOWN_REASON
        case InTriage(agency) | WithAgency(agency) | Held(agency) | Answered(agency):
            archived = transition.add_fact(
                events.TicketArchived, Archived(agency, asked.reason), by=events.ClosedBy.OFFICER, reason=asked.reason
            )
            return hand_over(archived)
        case Archived():
            return ARCHIVED_BEFORE
        case _:
            return wrong_state(name_of(situation))


def merge(transition: Transition, situation: Situation, asked: events.MergeTicket) -> Outcome:
    """Follow the ticket together with another; a link only, it keeps its own situation and its own clocks.

    Those who follow it follow the other one then, too.
    """
    if not isinstance(situation, InTriage | WithAgency | Held | Answered):
        return wrong_state(name_of(situation))
    if transition.ticket.report.sensitive is not None:
        return FOLLOWED_ALONE
    if asked.into == transition.ticket.id:
        return MERGED_WITH_ITSELF
    if transition.ticket.cluster == asked.into:
        return FOLLOWS_THAT_ONE
    if transition.ticket.cluster is not None:
        return ALREADY_MERGED
    linked = transition.change(cluster=asked.into)
    merged = linked.add_fact(events.TicketMerged, situation, into=asked.into)
    return hand_over(merged.link(link_to(merged, asked.into)), asked.into)


def unmerge(transition: Transition, situation: Situation) -> Outcome:
    """Follow the ticket by itself again, also after its end."""
    leader = transition.ticket.cluster
    if leader is None:
        return FOLLOWS_NOBODY
    alone = transition.change(cluster=None).add_fact(events.TicketUnmerged, situation)
    return alone.link(events.TicketUnlinked(ticket_id=leader, member=transition.ticket.id))


def repair(
    transition: Transition, situation: Situation, asked: events.ResendNotice | events.SuppressNotice
) -> Transition:
    """Ask notify, which alone knows its deliveries, to send or to hold back notices; the agency need not know."""
    about = {"notice": asked.notice, "delivery_id": asked.delivery_id, "reason": asked.reason}
    if isinstance(asked, events.SuppressNotice):
        return transition.add_fact_on(events.SuppressionRequested, situation, (TICKETS,), **about)
    return transition.add_fact_on(events.ResendRequested, situation, (TICKETS,), again=asked.again, **about)
