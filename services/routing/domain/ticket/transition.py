"""The state machine's transitions: a ticket's next situation and the facts that say so; the rules are in lifecycle."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen, Undecided
from services.routing.domain.ticket.refusals import Refusal
from services.routing.domain.ticket.state import Held, InTriage, Situation, Ticket, WithAgency, holder_of, name_of
from services.routing.domain.ticket.tenures import LAST_MAX, moved_on
from shared import events
from shared.events import Fact
from shared.events.complaints import SENSITIVE
from shared.topics import LINKS, TICKETS, TRIAGE, agency_topic
from shared.values import replace, value

# An agency that declines gets `TicketUnassigned` instead; its reason belongs to the public history.
NOT_FOR_AGENCIES: tuple[type[events.TicketFact], ...] = (events.TicketDeclined,)
NOTHING: Mapping[str, Any] = MappingProxyType({})


@value
class Transition:
    """A ticket on its way through one decision.

    Args:
        situation: Of a new ticket, in triage: nobody has it yet, and nobody has been asked either.
        at: When the event happened that is being handled; no fact gets an earlier instant than the ticket's last one.
        facts: Added so far, in order.
        author: Who brings it about; None for time and for rules of ours.
    """

    ticket: Ticket
    situation: Situation
    at: datetime
    facts: tuple[Fact, ...] = ()
    author: events.Author | None = None

    @property
    def is_queued(self) -> bool:
        """Return whether officers have been asked and not decided yet."""
        return isinstance(self.situation, InTriage) and self.ticket.version > 0

    def change(self, **changes: Any) -> "Transition":
        """Return the transition with another value of some field of the ticket, and no new fact."""
        return replace(self, ticket=replace(self.ticket, **changes))

    def add_fact(self, kind: type[events.TicketFact], situation: Situation, **about: Any) -> "Transition":
        """Return the transition after a fact, published to the history and to the holder of the ticket before it."""
        holder = holder_topic(self.situation)
        topics = (TICKETS,) if holder is None or kind in NOT_FOR_AGENCIES else (TICKETS, holder)
        return self.add_fact_on(kind, situation, topics, **about)

    def add_fact_on(
        self,
        kind: type[events.TicketFact],
        situation: Situation,
        topics: Iterable[str],
        changes: Mapping[str, Any] = NOTHING,
        /,
        **about: Any,
    ) -> "Transition":
        """Return the transition after a fact, published to *topics*; it names the agency that has the ticket then.

        Args:
            changes: Other values of the ticket's fields, that come with the fact.
        """
        at = max(self.ticket.at, self.at)
        tenures = moved_on(self.ticket.stays, holder_of(self.situation), holder_of(situation), at)
        ticket = replace(self.ticket, at=at, version=self.ticket.version + 1, stays=tenures, **changes)
        told: dict[str, Any] = {
            "ticket_id": ticket.id,
            "tracking_id": ticket.tracking_id,
            "state": name_of(situation),
            "version": ticket.version,
            "at": at,
            "parent": ticket.parent,
            "part": ticket.part,
            "agency": situation.agency,
            "confidential": ticket.report.confidential or None,
            kind.CAUSED_BY: self.author,
        }
        data = kind.of(told | about)
        added = tuple(Fact(data, topic, ticket.id, at) for topic in topics)
        return replace(self, ticket=ticket, situation=situation, facts=self.facts + added)

    def also(self, data: events.EventData, topic: str) -> "Transition":
        """Return the transition with *data*, which is no fact of its own, published to one more topic."""
        return replace(self, facts=(*self.facts, Fact(data, topic, self.ticket.id, self.ticket.at)))

    def link(self, *links: events.Link | events.PartLink) -> "Transition":
        """Return the transition with links published to other tickets."""
        added = tuple(Fact(link, LINKS, link.ticket_id, self.ticket.at) for link in links)
        return replace(self, facts=(*self.facts, *added))

    def route(self, choice: Chosen, policy: RoutingPolicy) -> "Transition":
        """Return the transition after an agency has got the ticket, and whoever had it has lost it."""
        agency, ticket = choice.agency, self.ticket
        agencies, officer = (*ticket.agencies, agency), _officer_of(ticket, policy)
        routed = self.add_fact_on(
            events.TicketRouted,
            WithAgency(agency),
            (TICKETS, TRIAGE) if self.is_queued or officer else (TICKETS,),
            {"agencies": agencies},
            agency_name=policy.name_of(agency),
            priority=ticket.priority,
            priority_reason=_priority_reason(ticket),
            officer=officer,
            classification=ticket.classification,
            category=ticket.category,
            hop=len(agencies),
            decided_by=choice.decided_by,
            confidence=choice.confidence,
            explanation=choice.explanation,
            reason_id=choice.reason_id,
            reason_en=choice.reason_en,
            advice_id=choice.advice_id,
            advice_en=choice.advice_en,
            cluster=ticket.cluster,
            similar=ticket.similar,
            accepted_at=ticket.accepted_at,
            submitted_at=ticket.submitted_at,
        )
        due_at = ticket.resolve.due_at if ticket.resolve else None
        link = policy.link_to(ticket.tracking_id)
        told = routed.with_report(agency_topic(agency), resolve_due_at=due_at, link=link)
        return told.released(self.situation, agency)

    def triage(self, verdict: Undecided, policy: RoutingPolicy) -> "Transition":
        """Return the transition after an officer has been asked, and the agency that had the ticket has lost it."""
        ticket = self.ticket
        at = max(ticket.at, self.at)
        tenures = moved_on(ticket.stays, holder_of(self.situation), None, at)
        asked = self.add_fact_on(
            events.TriageRequested,
            InTriage(),
            (TICKETS,),
            reason=verdict.reason,
            priority=ticket.priority,
            priority_reason=_priority_reason(ticket),
            officer=_officer_of(ticket, policy),
            classification=ticket.classification,
            category=ticket.category,
            suggestions=verdict.suggestions,
            parts=verdict.parts,
            explanation=verdict.explanation,
            stays=tenures[-LAST_MAX:],
            cluster=ticket.cluster,
            similar=ticket.similar,
            accepted_at=ticket.accepted_at,
            submitted_at=ticket.submitted_at,
        )
        return asked.with_report(TRIAGE).released(self.situation, None)

    def with_report(self, topic: str, **more: Any) -> "Transition":
        """Publish the last fact once more, with the report itself and *more*, to those who must act on it."""
        return self.also(self.facts[-1].data.model_copy(update={"report": self.ticket.report, **more}), topic)

    def released(self, before: Situation, now_with: str | None, reason: str = "triage_requested") -> "Transition":
        """Return the transition with `TicketUnassigned` published to the agency that had the ticket before."""
        agency = before.agency
        if agency is None or agency == now_with:
            return self
        gone = events.TicketUnassigned(
            ticket_id=self.ticket.id,
            tracking_id=self.ticket.tracking_id,
            state=name_of(self.situation),
            version=self.ticket.version,
            at=self.ticket.at,
            parent=self.ticket.parent,
            part=self.ticket.part,
            agency=agency,
            confidential=self.ticket.report.confidential or None,
            by=self.author,
            reason="routed_elsewhere" if now_with else reason,
        )
        return self.also(gone, agency_topic(agency))


def holder_topic(situation: Situation) -> str | None:
    """Return the topic of whoever has the ticket or had it when it ended; None for nobody."""
    if isinstance(situation, InTriage):
        return TRIAGE
    return None if situation.agency is None else agency_topic(situation.agency)


def _priority_reason(ticket: Ticket) -> str | None:
    return None if ticket.report.sensitive is None else SENSITIVE


def _officer_of(ticket: Ticket, policy: RoutingPolicy) -> str | None:
    """Return the code of the officer who looks after a sensitive report; None for any other."""
    kind = policy.sensitive.get(ticket.report.sensitive or "")
    return kind.officer if kind else None


Outcome = Transition | Refusal


def leave_hold(transition: Transition, held: Held, note: str | None = None) -> Transition:
    """Return the transition after work goes on; what ends a hold adds this fact first, in every history."""
    return transition.add_fact(events.TicketResumed, WithAgency(held.agency, held.stage), note=note)
