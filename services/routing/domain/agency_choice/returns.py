"""Where a ticket goes that its agency gives back; never whether the agency may."""

from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.explanation import likely, step, suggestions
from services.routing.domain.agency_choice.prediction import Opinion
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from services.routing.domain.ticket.state import Ticket
from services.routing.domain.ticket.tenures import spent
from shared.events import DecidedBy, Step, Suggestion


def after_return(
    policy: RoutingPolicy, ticket: Ticket, agency: str, suggested: str | None, opinion: Opinion
) -> Verdict:
    """Return the agency that the declining one named, if it may be tried; otherwise the question to an officer.

    It is tried once: not if it has had the ticket before (no ticket goes round in a circle, however long), not after
    as many agencies as the policy allows, and not after a second return, whoever chose the agencies in between.
    """
    named = suggested if suggested in policy.agencies else None
    fresh = named not in ticket.agencies and len(ticket.agencies) < policy.hops_max
    if named is not None and fresh and policy.try_suggested and ticket.returns <= 1:
        told = step(policy, "return", f"{agency} declined and named {named}")
        return Chosen(named, DecidedBy.RULE, (told,))
    untried = f" and named {suggested}, which is not tried" if suggested else ""
    first = (Suggestion(agency=named, score=0, why=f"named by {agency}"),) if named else ()
    evidence = read(policy, ticket.report).without(ticket.agencies)
    steps: tuple[Step, ...] = (step(policy, "return", f"{agency} declined{untried}"),)
    if ticket.stays:
        steps = (*steps, step(policy, "stays", spent(ticket.stays, ticket.at), score=ticket.returns))
    guessed = likely(policy, opinion, policy.district_of(ticket.report.location))
    untried_yet = tuple((other, probability) for other, probability in guessed if other not in ticket.agencies)
    return Undecided(Doubt.DECLINED, steps, suggestions(policy, evidence, untried_yet, first))
