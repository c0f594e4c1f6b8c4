"""Connects the topics that intake reads to its rules."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import Self

from prometheus_client import Counter

from services.intake.domain.decide import Secrets, decide, refuse_unreadable, submission
from services.intake.domain.former import former_id, repeated
from services.intake.domain.requests import Request, follow, ticket_of
from services.intake.domain.rules import Rules
from services.intake.domain.state import State, Taken
from services.intake.domain.status_questions import asked_reports, with_questions
from services.intake.domain.ticket_ids import TicketIds
from shared import events, topics
from shared.delivery.documents.document import Document, Quarantined
from shared.delivery.guard import Bug, guarded
from shared.delivery.ports import Record
from shared.events import Arrival, Decision, Event, Fact, Refused, Replayed
from shared.policy.retention import Retention
from shared.process import metrics
from shared.seal import Contact, Sealer, channel_info
from shared.values import replace

OUTCOMES_MAX = 1_024  # of all channels

Load = Callable[[Collection[str]], Awaitable[Mapping[str, Document[State] | Quarantined]]]
Find = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


class IntakeHandler:
    """Submissions and erasures in; acceptances, refusals, sealed contacts and their tombstones out.

    Args:
        rules: The city's policy; may be replaced between two batches.
        ids: Gives tickets their ids.
        sealer: Seals contacts.
        load: Looks documents up by id, for what release 0.1.0 took; None if that is no longer repeated.
        find: Looks tickets up by tracking id, for who asks where they stand; None: nobody is told by routing.
    """

    service = "intake"
    topics = (topics.replay_topic("intake"), topics.REQUESTS, topics.SUBMITTED)
    keeps_answers = True
    repeats_within = None

    def __init__(
        self, rules: Rules, ids: TicketIds, sealer: Sealer, load: Load | None = None, find: Find | None = None
    ) -> None:
        self.rules = rules
        self.retention: Retention | None = None
        self.secrets = Secrets(ids, frozenset(sealer.keys), self.seal)
        self.sealer = sealer
        self.load = load
        self.former: Mapping[str, State] = {}
        self.find = find
        self.tickets: Mapping[str, str] = {}

    def use_policy(self, rules: Rules) -> None:
        """Decide by *rules* from now on."""
        self.rules = rules

    def hears(self, kind: str) -> bool:
        """Return True: nothing comes on these topics that intake can do without."""
        return True

    def key_of(self, event: Event) -> str:
        """Return the id of the ticket that the report is, was and will be, or whose reporter it is about."""
        if isinstance(event.data, Request):
            return ticket_of(event.data)
        submitted = submission(event)
        return self.secrets.ids.of(submitted.channel, submitted.source_id)

    async def prefetch(self, waiting: Sequence[tuple[State | None, Event]]) -> Self:
        """Return the same rules, knowing which new reports release 0.1.0 took, and the tickets that are asked for.

        With the contacts of new reports, sealed one after the other: between decisions each took 60 us more, for so
        much of what the processor has at hand gives way to the cipher, and must be fetched again.
        """
        new = [event for state, event in waiting if state is None and not isinstance(event.data, Request)]
        return (await (await self._knowing_tickets(new))._knowing_former(new))._having_sealed(new)

    async def _knowing_tickets(self, new: Sequence[Event]) -> Self:
        asked = {id for event in new for id in asked_reports(submission(event), self.rules)} if self.find else set()
        if self.find is None or not asked:
            return self
        informed = copy(self)
        informed.tickets = await self.find(asked)
        return informed

    async def _knowing_former(self, new: Sequence[Event]) -> Self:
        if self.load is None:
            return self
        ids = {self.key_of(event): _former_id(event) for event in new}
        found = await self.load(set(ids.values()))
        informed = copy(self)
        informed.former = {
            ticket: document.state
            for ticket, former in ids.items()
            if isinstance(document := found.get(former), Document) and document.state is not None
        }
        return informed

    def _having_sealed(self, new: Sequence[Event]) -> Self:
        made: dict[str, tuple[events.ComplaintSubmitted, events.ContactSealed | Bug]] = {}
        for event in new:
            submitted = submission(event)
            if submitted.names_reporter:
                ticket = self.key_of(event)
                made[ticket] = submitted, guarded(self.seal, ticket, submitted)

        def seal(ticket: str, submitted: events.ComplaintSubmitted) -> events.ContactSealed:
            # Of two reports under one id each has its own reporter; and a bug is met again where it costs one record.
            match made.get(ticket):
                case (report, events.ContactSealed() as contact) if report is submitted:
                    return contact
                case _:
                    return self.seal(ticket, submitted)

        informed = copy(self)
        informed.secrets = replace(self.secrets, seal=seal)
        return informed

    def decide(self, state: State | None, event: Event, arrival: Arrival) -> Decision[State]:
        """Return the answer to a submission, or what follows from what an officer has asked for a reporter."""
        if isinstance(event.data, Request):
            return follow(state, event, event.data)
        submitted = submission(event)
        former = self.former.get(self.key_of(event)) if self.former and state is None else None
        decision = decide(state or former, event, arrival, self.rules, secrets=self.secrets)
        self._count(submitted.channel, decision)
        if isinstance(former, Taken) and isinstance(decision, Replayed):
            return repeated(former, submitted, arrival, self.rules)
        return with_questions(decision, submitted, arrival, self.rules, self.tickets) if self.tickets else decision

    def refuse(self, record: Record, arrival: Arrival, fault: events.UnreadableEvent) -> Refused:
        """Return the answer to what cannot be read: a channel learns of everything that it sent what became of it.

        What could not even be unpacked is kept, for it may hold several reports; and what nobody can be told about.
        """
        channel, source_id = fault.hints.get("channel"), fault.hints.get("source_id")
        decision = refuse_unreadable(fault.reasons, channel, source_id, arrival, self.rules)
        self._count(topics.member_of(arrival.topic) or channel, decision)
        keep = record.unreadable is not None or not decision.facts
        return Refused(decision.facts, keep, self.rules.masker.mask_code)

    def _count(self, channel: str | None, decision: Decision[State]) -> None:
        """Count an answer; it is counted again if it is given again, after an outage or a lost save."""
        match decision.facts:
            case (Fact(data=events.ComplaintRejected(reasons=(first, *_))), *_):
                outcome = first.code
            case ():
                outcome = "repeated"
            case _:
                outcome = "accepted"
        _counter(self.rules.registered(channel or "") or "unknown", outcome).inc()

    def due_at(self, state: State) -> datetime | None:
        """Return None: nothing here moves with time."""
        return None

    def expires_at(self, state: State) -> datetime | None:
        """Return from when on no repeat of the report can come any more; that one was erased is kept for good."""
        if self.retention is None or not isinstance(state, Taken):
            return None
        return state.accepted_at + self.retention.reports

    def seal(self, ticket: str, submitted: events.ComplaintSubmitted) -> events.ContactSealed:
        """Return the reporter's contact, sealed for that ticket; as it came if the channel has sealed it."""
        given = submitted.reporter_sealed
        if given is not None:
            return events.ContactSealed(
                ticket_id=ticket, sealed=given.sealed, locale=events.Locale.INDONESIAN, key_id=given.key_id,
                scheme=events.SealScheme.HPKE, info=channel_info(submitted.channel, submitted.source_id),
            )  # fmt: skip
        contact = Contact.of(submitted.reporter or events.Reporter(), submitted.channel)
        sealed, key_id = self.sealer.seal_contact(ticket, contact)
        return events.ContactSealed(
            ticket_id=ticket, sealed=sealed, locale=contact.locale, key_id=key_id, scheme=events.SealScheme.HPKE
        )


@lru_cache(OUTCOMES_MAX)
def _counter(channel: str, outcome: str) -> Counter:
    """Return what counts such answers to a channel of the registry; to look it up costs more than to count."""
    return metrics.COMPLAINTS.labels(channel, outcome)


def _former_id(event: Event) -> str:
    submitted = submission(event)
    return former_id(submitted.channel, submitted.source_id)
