"""What follows from an update: who sent it, what is asked, and what is answered; each rule stands elsewhere."""

from dataclasses import field
from datetime import datetime
from typing import TypeAlias, assert_never, get_args

from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle import agency, officer, reporter
from services.routing.domain.lifecycle.actors import actor_refusal
from services.routing.domain.lifecycle.permissions import bars, forbids
from services.routing.domain.ticket import privacy, private
from services.routing.domain.ticket.refusals import (
    KEY_ID_IS_NO_CODE,
    TOO_MANY_UPDATES,
    UPDATES_MAX,
    Refusal,
    schema_violation,
)
from services.routing.domain.ticket.state import Archived, Closed, Filed, Situation, Ticket, Withdrawn
from services.routing.domain.ticket.transition import Outcome, Transition
from shared import events
from shared.events import Applied, Fact, Untracked
from shared.senders import Owner, Role, Sender, refusals_topic, sender_of
from shared.topics import TICKETS
from shared.values import replace, value

Request: TypeAlias = (
    events.AcknowledgeTicket | events.ProgressTicket | events.AnswerTicket | events.DeclineTicket
    | events.HoldTicket | events.ResumeTicket | events.ReplyToTicket | events.ConfirmTicket | events.DisputeTicket
    | events.WithdrawTicket | events.StopMessages | events.ResumeMessages
    | events.AssignTicket | events.ReclassifyTicket | events.ArchiveTicket | events.MergeTicket | events.UnmergeTicket
    | events.ExportReporter | events.CorrectReporter | events.EraseReporter
    | events.ResendNotice | events.SuppressNotice
)  # fmt: skip
COMMANDS: dict[str, type[Request]] = {command.TYPE: command for command in get_args(Request)}
SOURCE_SYMBOLS_MAX = 200


@value
class Update:
    """A command as it came, but for identities: ``at`` by the broker's clock, never by the sender's.

    Args:
        written: What a reporter wrote, if masking has covered some of it; is kept nowhere.
    """

    id: str
    source: str
    command: Request
    at: datetime
    written: str | None = field(default=None, repr=False)

    @property
    def sender(self) -> Sender | None:
        """Return who sent it, or None for nobody who may ask for anything."""
        return sender_of(self.source)


def follow(
    policy: RoutingPolicy, filed: Filed, update: Update, prediction: MaybePrediction = NO_MODEL
) -> Applied[Filed] | Untracked:
    """Return what follows from *update*: facts, or a refusal, also of what would change nothing.

    Who may not ask it of this ticket leaves no trace on it, so that a stranger can neither fill it nor learn of it.
    Whatever else is asked counts, so that nobody can fill a ticket without end. Past the limit only what ends the
    ticket, forgets its reporter or stops messages to them is taken; the rest is refused without a trace, so such a
    refusal stands outside the counted history.
    """
    ticket, situation = filed.ticket, filed.situation
    sender, command = update.sender, update.command
    forbidden = bars(policy, sender, command) or forbids(policy, sender, command, ticket, situation)
    if forbidden:
        return Untracked(untraced(policy, update, forbidden))
    transition = Transition(ticket, situation, update.at, author=_author(policy, sender)).change(
        updates=ticket.updates + 1
    )
    refused = (
        _flaw(policy, update)
        or privacy.erased_refusal(ticket, command)
        or private.key_refusal(policy, situation, command)
    )
    outcome = refused or ask(policy, transition, situation, command, prediction)
    if ticket.updates >= UPDATES_MAX and not _ends(situation, command, outcome):
        return Untracked(untraced(policy, update, TOO_MANY_UPDATES, ticket))
    match outcome:
        case Refusal():
            transition = transition.add_fact_on(
                events.UpdateRefused,
                situation,
                (TICKETS, *hearers(policy, sender)),
                update_id=update.id,
                **_told(policy, update.source[:SOURCE_SYMBOLS_MAX], outcome),
            )
        case Transition():
            transition = private.with_private(policy, outcome, getattr(command, "private", None), update.written)
        case _:
            assert_never(outcome)
    return Applied(Filed(transition.ticket, transition.situation), transition.facts)


def _flaw(policy: RoutingPolicy, update: Update) -> Refusal | None:
    """Return what is wrong with the content of an update, whatever the ticket's situation; None if nothing is."""
    command = update.command
    reasons = tuple(events.attachment_reasons(getattr(command, "attachments", ())))
    if isinstance(command, events.CorrectReporter) and policy.masker.mask(command.key_id) != command.key_id:
        return KEY_ID_IS_NO_CODE
    return schema_violation(reasons) if reasons else actor_refusal(policy, update.sender, command.actor)


def ask(
    policy: RoutingPolicy, transition: Transition, situation: Situation, command: Request, prediction: MaybePrediction
) -> Outcome:
    """Return what comes of a permitted command in this situation."""
    match command:
        case events.AcknowledgeTicket():
            return agency.acknowledge(transition, situation, command)
        case events.ProgressTicket():
            return agency.progress(transition, situation, command)
        case events.AnswerTicket():
            return agency.answer(transition, situation, command)
        case events.DeclineTicket():
            return agency.decline(transition, situation, command, policy, prediction)
        case events.HoldTicket():
            return agency.hold(transition, situation, command)
        case events.ResumeTicket():
            return agency.resume(transition, situation, command)
        case events.ReplyToTicket():
            return reporter.reply(transition, situation, command)
        case events.ConfirmTicket():
            return reporter.confirm(transition, situation, command)
        case events.DisputeTicket():
            return reporter.dispute(transition, situation, command, policy.reopen_within)
        case events.WithdrawTicket():
            return reporter.withdraw(transition, situation)
        case events.StopMessages():
            return reporter.stop_messages(transition, situation, command.scope)
        case events.ResumeMessages():
            return reporter.resume_messages(transition, situation, command.scope)
        case events.AssignTicket():
            return officer.assign(transition, situation, command, policy)
        case events.ReclassifyTicket():
            return officer.reclassify(transition, situation, command, policy)
        case events.ArchiveTicket():
            return officer.archive(transition, situation, command)
        case events.MergeTicket():
            return officer.merge(transition, situation, command)
        case events.UnmergeTicket():
            return officer.unmerge(transition, situation)
        case events.ExportReporter():
            return privacy.export(transition, situation, command)
        case events.CorrectReporter():
            return privacy.correct(transition, situation, command)
        case events.EraseReporter():
            return privacy.erase(transition, situation)
        case events.ResendNotice() | events.SuppressNotice():
            return officer.repair(transition, situation, command)
        case _:
            assert_never(command)


def _ends(before: Situation, command: Request, outcome: Outcome) -> bool:
    ended = (Closed, Archived, Withdrawn)
    if not isinstance(outcome, Transition):
        return False
    is_end = isinstance(outcome.situation, ended) and not isinstance(before, ended)
    # Of a stop for an address there may be many; of one for the ticket only as many as it is taken back before.
    stops = isinstance(command, events.StopMessages) and command.scope is events.MessageScope.TICKET
    return is_end or stops or isinstance(command, events.EraseReporter)


def untraced(policy: RoutingPolicy, update: Update, refusal: Refusal, ticket: Ticket | None = None) -> tuple[Fact, ...]:
    """Return a refusal that leaves no trace; it comes out the same whenever the same record is handled again.

    Args:
        ticket: The sender's own; None for one that is not, or that nobody knows.
    """
    ticket_id = update.command.ticket_id
    known = {"tracking_id": ticket.tracking_id, "parent": ticket.parent, "part": ticket.part} if ticket else {}
    data = events.UpdateRefused(
        **{"tracking_id": ""} | known, ticket_id=ticket_id, state="unchanged", version=0, at=update.at,
        by=_author(policy, update.sender), update_id=update.id,
        **_told(policy, update.source[:SOURCE_SYMBOLS_MAX], refusal),
    )  # fmt: skip
    return tuple(Fact(data, topic, ticket_id, update.at) for topic in hearers(policy, update.sender))


def hearers(policy: RoutingPolicy, sender: Sender | Owner | None) -> tuple[str, ...]:
    """Return where a refusal is told to *sender*, and to nobody else; nowhere to an agency that has no topic."""
    if sender is None or (sender.role is Role.AGENCY and sender.code not in policy.agencies):
        return ()
    return (refusals_topic(sender),)


def _author(policy: RoutingPolicy, sender: Sender | Owner | None) -> events.Author | None:
    if sender is None or not sender.code:
        return None
    code = sender.code if _is_registered(policy, sender) else policy.masker.mask(sender.code)
    return events.Author(role=sender.role, code=code[:SOURCE_SYMBOLS_MAX])


def _told(policy: RoutingPolicy, source: str, refusal: Refusal) -> dict[str, str]:
    """Return what a refusal says of its update; who is not registered may have written a number for a name."""
    mask = policy.masker.mask
    return {
        "update_source": source if _is_registered(policy, sender_of(source)) else mask(source),
        "code": refusal.code,
        "message_id": mask(refusal.message_id),
        "message_en": mask(refusal.message_en),
    }


def _is_registered(policy: RoutingPolicy, sender: Sender | Owner | None) -> bool:
    return sender is not None and (sender.code in policy.agencies or sender.code in policy.officers)


def refuse_unreadable(
    policy: RoutingPolicy, fault: events.UnreadableEvent, owner: Owner | None, arrived_at: datetime
) -> tuple[Fact, ...]:
    """Return the refusal of a record that is no update, told to who alone may write its topic.

    It follows from the record alone, and stands in no history.

    Args:
        fault: All that is wrong with it, and what could be read nevertheless.
        owner: Of the topic; None for one that several shared, where the source says who wrote.
        arrived_at: By the broker's clock.
    """
    source, ticket = fault.hints.get("source", ""), fault.hints.get("ticket_id", "")
    sender = owner or sender_of(source)
    data = events.UpdateRefused(
        ticket_id=ticket,
        tracking_id="",
        state="unchanged",
        version=0,
        at=arrived_at,
        by=_author(policy, sender),
        update_id=fault.hints.get("event_id", ""),
        **_told(policy, source, replace(schema_violation(fault.reasons), code=fault.reasons[0].code)),
    )
    return tuple(Fact(data, topic, ticket, arrived_at) for topic in hearers(policy, sender))
