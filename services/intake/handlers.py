"""Connects the topics that intake reads to its rules."""

from datetime import datetime

from services.intake.domain.decide import Secrets, decide, refuse_unreadable, submission
from services.intake.domain.rules import Rules
from services.intake.domain.state import State
from services.intake.domain.ticket_ids import TicketIds
from shared import events, topics
from shared.delivery.ports import Record
from shared.events import Arrival, Decision, Event, Fact, Refused
from shared.process import metrics
from shared.seal import Contact, Sealer


class IntakeHandler:
    """Submissions in; acceptances, refusals and sealed contacts out.

    Args:
        rules: The city's policy; may be replaced between two batches.
        ids: Gives tickets their ids.
        sealer: Seals contacts.
    """

    service = "intake"
    topics = (topics.replay_topic("intake"), topics.SUBMITTED)
    keeps_answers = True

    def __init__(self, rules: Rules, ids: TicketIds, sealer: Sealer) -> None:
        self.rules = rules
        self.secrets = Secrets(ids, self.seal)
        self.sealer = sealer

    def use_policy(self, rules: Rules) -> None:
        """Decide by *rules* from now on."""
        self.rules = rules

    def key_of(self, event: Event) -> str:
        """Return the id of the ticket that the report is, was and will be."""
        submitted = submission(event)
        return self.secrets.ids.of(submitted.channel, submitted.source_id)

    def decide(self, state: State | None, event: Event, arrival: Arrival) -> Decision[State]:
        """Return the answer to a submission."""
        decision = decide(state, event, arrival, self.rules, secrets=self.secrets)
        self._count(submission(event).channel, decision)
        return decision

    def refuse(self, record: Record, arrival: Arrival, fault: events.UnreadableEvent) -> Refused:
        """Return the answer to what cannot be read: a channel learns of everything that it sent what became of it.

        What could not even be unpacked is kept, for it may hold several reports; and what nobody can be told about.
        """
        channel, source_id = fault.hints.get("channel"), fault.hints.get("source_id")
        decision = refuse_unreadable(fault.reasons, channel, source_id, arrival, self.rules)
        self._count(topics.member_of(arrival.topic) or channel, decision)
        return Refused(decision.facts, keep=record.unreadable is not None or not decision.facts)

    def _count(self, channel: str | None, decision: Decision[State]) -> None:
        """Count an answer; it is counted again if it is given again, after an outage or a lost save."""
        match decision.facts:
            case (Fact(data=events.ComplaintRejected(reasons=(first, *_))), *_):
                outcome = first.code
            case ():
                outcome = "repeated"
            case _:
                outcome = "accepted"
        metrics.COMPLAINTS.labels(self.rules.registered(channel or "") or "unknown", outcome).inc()

    def due_at(self, state: State) -> datetime | None:
        """Return None: nothing here moves with time."""
        return None

    def expires_at(self, state: State) -> datetime | None:
        """Return None: a document is kept for good."""
        return None

    def seal(self, ticket: str, submitted: events.ComplaintSubmitted) -> events.ContactSealed:
        """Return the reporter's contact, sealed for that ticket."""
        reporter = submitted.reporter or events.Reporter()
        contact = Contact(
            channel=submitted.channel,
            name=reporter.name,
            phone=reporter.phone,
            email=(reporter.email or "").strip() or None,
            national_id=reporter.national_id,
            locale=reporter.locale or events.Locale.INDONESIAN,
            preferred_channel=reporter.preferred_channel,
        )
        sealed, key_id = self.sealer.seal_contact(ticket, contact)
        return events.ContactSealed(ticket_id=ticket, sealed=sealed, locale=contact.locale, key_id=key_id)
