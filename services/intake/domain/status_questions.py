"""Hands on to routing what somebody asks who wants to know where a report stands; intake does not know it."""

from collections.abc import Iterator, Mapping

from services.intake.domain.non_reports import NonReport, may_be_none
from services.intake.domain.refusals import recognised_in
from services.intake.domain.rules import Rules
from services.intake.domain.state import State
from shared import events, topics
from shared.events import Arrival, Decision, Fact, Untracked
from shared.text import folded_text


def asked_reports(submitted: events.ComplaintSubmitted, rules: Rules) -> tuple[str, ...]:
    """Return the tracking ids of the reports of which a submission asks how they stand; none if it does not ask."""
    body = submitted.body
    if len(body) > rules.non_reports.characters_max or not may_be_none(submitted):
        return ()
    # Asked of many reports; ASCII folds to lower case, and to fold costs more than all else.
    if body.isascii() and rules.non_reports.is_surely_report(body.lower()):
        return ()
    found = recognised_in(submitted, folded_text(f"{submitted.title or ''}\n{body}"), rules)
    return found.tracking_ids if found is not None and found.kind is NonReport.STATUS_QUESTION else ()


def with_questions(
    decision: Decision[State],
    submitted: events.ComplaintSubmitted,
    arrival: Arrival,
    rules: Rules,
    tickets: Mapping[str, str],
) -> Decision[State]:
    """Return *decision*; where it refuses a question about *tickets* that were found, with what routing is asked.

    What the channel is answered is the same whether there is such a ticket or not.

    Args:
        tickets: Their ids, by tracking id.
    """
    match decision:
        case Untracked(facts=(Fact(data=events.ComplaintRejected() as refused), *_)) if (
            _is_question(refused) and tickets
        ):
            return Untracked((*decision.facts, *_questions(submitted, refused, arrival, rules, tickets)))
        case _:
            return decision


def _is_question(refused: events.ComplaintRejected) -> bool:
    return [reason.code for reason in refused.reasons] == [NonReport.STATUS_QUESTION]


def _questions(
    submitted: events.ComplaintSubmitted,
    refused: events.ComplaintRejected,
    arrival: Arrival,
    rules: Rules,
    tickets: Mapping[str, str],
) -> Iterator[Fact]:
    for tracking_id in asked_reports(submitted, rules):
        ticket = tickets.get(tracking_id)
        if ticket is not None:
            asked = events.StatusAsked(
                ticket_id=ticket,
                tracking_id=tracking_id,
                channel=submitted.channel,
                source_id=refused.source_id or "",
                asked_at=arrival.arrived_at,
            )
            yield Fact(asked, topics.QUESTIONS, ticket, at=arrival.arrived_at)
