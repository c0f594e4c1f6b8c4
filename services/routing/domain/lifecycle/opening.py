"""What follows when the complaint itself comes: the ticket, its first agency, and the updates that came before it."""

from collections.abc import Sequence
from datetime import datetime

from services.routing.domain.agency_choice.cascade import Case, decide_agency
from services.routing.domain.agency_choice.evidence import LEVELS, Evidence, read
from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction, Question
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.topic_detection import parts
from services.routing.domain.agency_choice.verdict import Chosen, Verdict
from services.routing.domain.clusters.membership import join
from services.routing.domain.duplicates.candidates import NO_CANDIDATES, Candidates, best_match
from services.routing.domain.lifecycle.commands import follow
from services.routing.domain.lifecycle.early_updates import remembered
from services.routing.domain.ticket.privacy import bare_report
from services.routing.domain.ticket.state import Awaited, Filed, InTriage, State, Ticket
from services.routing.domain.ticket.transition import Transition
from shared.events import (
    Applied,
    Classification,
    ComplaintAccepted,
    DeclineTicket,
    EraseReporter,
    Event,
    Priority,
    Report,
    state_after,
)
from shared.events.complaints import sensitive_kind
from shared.values import replace


def file(
    policy: RoutingPolicy,
    awaited: Awaited | None,
    complaint: ComplaintAccepted,
    now: datetime,
    prediction: MaybePrediction = NO_MODEL,
    candidates: Candidates = NO_CANDIDATES,
) -> Applied[State]:
    """Return the ticket with its first agency or in triage, and what follows from the updates that came before.

    If its reporter has been erased by then, nothing is said of what they wrote.
    """
    opened = _open_ticket(policy, complaint, now, prediction, candidates)
    filed = follow_waiting(policy, opened, awaited, prediction)
    if awaited is None or not (isinstance(filed.state, Filed) and filed.state.ticket.erased):
        return filed
    erased_first = sorted(awaited.updates, key=lambda early: early.type != EraseReporter.TYPE)
    bare = _open_ticket(policy, _without_texts(complaint), now, NO_MODEL)
    return follow_waiting(policy, bare, replace(awaited, updates=tuple(erased_first)), NO_MODEL)


def follow_waiting(
    policy: RoutingPolicy, opened: Transition, awaited: Awaited | None, prediction: MaybePrediction
) -> Applied[State]:
    """Return what follows from a ticket's first transition and from the updates that came before it."""
    filed, facts = Filed(opened.ticket, opened.situation), opened.facts
    for early in awaited.updates if awaited else ():
        follows = follow(policy, filed, remembered(policy, early), prediction)
        filed, facts = state_after(filed, follows) or filed, facts + follows.facts
    return Applied(filed, facts)


def _open_ticket(
    policy: RoutingPolicy,
    complaint: ComplaintAccepted,
    now: datetime,
    prediction: MaybePrediction,
    candidates: Candidates = NO_CANDIDATES,
) -> Transition:
    report = report_of(complaint)
    evidence = read(policy, report)
    category = policy.category_of(complaint.category)
    suited = category.classification if category else None
    verdict = verdict_on(policy, complaint, evidence, prediction)
    leader = best_match(policy.clusters, candidates, verdict.agency if isinstance(verdict, Chosen) else None)
    ticket = Ticket(
        id=complaint.ticket_id,
        tracking_id=complaint.tracking_id,
        report=report,
        classification=complaint.classification or suited or evidence.classification or Classification.COMPLAINT,
        category=category.code if category else complaint.category,
        priority=priority_of(policy, report, evidence),
        requested=complaint.target_agency,
        submitted_at=complaint.submitted_at,
        accepted_at=complaint.accepted_at,
        source_id=complaint.source_id,
        at=complaint.accepted_at,
        cluster=leader,
        sketch=candidates.fingerprint,
        similar=candidates.similar_but(leader),
    )
    transition = Transition(ticket, InTriage(), now)
    match verdict:
        case Chosen() as choice:
            opened = transition.route(choice, policy)
        case undecided:
            opened = transition.triage(undecided, policy)
    return opened if leader is None else join(opened, leader)


def verdict_on(
    policy: RoutingPolicy, complaint: ComplaintAccepted, evidence: Evidence, prediction: MaybePrediction = NO_MODEL
) -> Verdict:
    """Return what the cascade comes to for a complaint and what its words speak for."""
    category, district = policy.category_of(complaint.category), policy.district_of(complaint.location)
    several = parts(policy, complaint, evidence)
    requested, sensitive = complaint.target_agency, sensitive_kind(complaint.flags)
    return decide_agency(policy, Case(evidence, requested, category, district, prediction, several, sensitive))


def priority_of(policy: RoutingPolicy, report: Report, evidence: Evidence) -> Priority:
    """Return how soon somebody must look: what the words say, or what the policy says of a sensitive report."""
    kind = policy.sensitive.get(report.sensitive or "")
    return max(evidence.priority, kind.priority, key=LEVELS.index) if kind else evidence.priority


def report_of(complaint: ComplaintAccepted) -> Report:
    """Return what an agency needs and may see of a complaint."""
    return Report.model_validate(vars(complaint))


def _without_texts(complaint: ComplaintAccepted) -> ComplaintAccepted:
    bare = bare_report(report_of(complaint))
    return complaint.model_copy(
        update={name: getattr(bare, name) for name in ("title", "body", "location", "attachments")}
    )


def questions(policy: RoutingPolicy, waiting: Sequence[tuple[State | None, Event]]) -> dict[str, Question]:
    """Return what a model is asked, by ticket.

    Every new report is asked about, although the rules decide most of them alone: to find out first which they leave
    open costs more than the answer.
    """
    asked: dict[str, Question] = {}
    for state, event in waiting:
        match state, event.data:
            case Filed(ticket), DeclineTicket():
                asked[ticket.id] = Question(ticket.report, ticket.category)
            case Filed(), _:
                continue
            case _, ComplaintAccepted() as complaint:
                category = policy.category_of(complaint.category)
                code = category.code if category else complaint.category
                asked[complaint.ticket_id] = Question(report_of(complaint), code)
    return asked
