"""What follows from an update: who sent it, what is asked, and what is answered; each rule stands elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never, get_args

from services.routing.domain.agency_choice.prediction import NO_MODEL, Opinion
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle import agency, officer, reporter
from services.routing.domain.lifecycle.permissions import Role, Sender, forbids, sender_of
from services.routing.domain.ticket.refusals import TOO_MANY_UPDATES, UPDATES_MAX, Refusal, schema_violation
from services.routing.domain.ticket.state import Archived, Closed, Filed, Situation, Ticket, Withdrawn
from services.routing.domain.ticket.transition import Outcome, Turn
from shared import events
from shared.events import Applied, Fact, Untracked
from shared.topics import TICKETS, agency_topic

Request: TypeAlias = (
    events.AcknowledgeTicket | events.ProgressTicket | events.AnswerTicket | events.DeclineTicket
    | events.HoldTicket | events.ResumeTicket | events.ReplyToTicket | events.ConfirmTicket | events.DisputeTicket
    | events.WithdrawTicket | events.AssignTicket | events.ReclassifyTicket | events.ArchiveTicket
    | events.MergeTicket | events.UnmergeTicket
)  # fmt: skip
COMMANDS: dict[str, type[Request]] = {command.TYPE: command for command in get_args(Request)}
SOURCE_SYMBOLS_MAX = 200


@dataclass(frozen=True, slots=True)
class Update:
    """A command as it came: ``at`` by the broker's clock, never by the sender's."""

    id: str
    source: str
    command: Request
    at: datetime

    @property
    def sender(self) -> Sender | None:
        """Return who sent it, or None for nobody who may ask for anything."""
        return sender_of(self.source)


def follow(
    policy: RoutingPolicy, filed: Filed, update: Update, opinion: Opinion = NO_MODEL
) -> Applied[Filed] | Untracked:
    """Return what follows from *update*: facts, or a refusal, also of what would change nothing.

    Whatever is asked counts, so that nobody can fill a ticket without end. Past the limit only what ends the ticket
    is taken; the rest is refused without a trace, so such a refusal stands outside the counted history.
    """
    ticket, situation = filed.ticket, filed.situation
    turn = Turn(ticket, situation, update.at).change(updates=ticket.updates + 1)
    forbidden = forbids(update.sender, update.command, ticket, situation)
    outcome = forbidden or _flaw(update.command) or ask(policy, turn, situation, update.command, opinion)
    if ticket.updates >= UPDATES_MAX and not _ends(situation, outcome):
        return Untracked(untraced(policy, update, TOO_MANY_UPDATES, ticket))
    match outcome:
        case Refusal():
            turn = turn.say(
                events.UpdateRefused, situation, hearers(policy, update.sender), **_wording(update, outcome)
            )
        case Turn():
            turn = outcome
        case _:
            assert_never(outcome)
    return Applied(Filed(turn.ticket, turn.situation), turn.facts)


def _flaw(command: Request) -> Refusal | None:
    """Return what is wrong with the content of a command, whatever the ticket's situation; None if nothing is."""
    reasons = tuple(events.attachment_reasons(getattr(command, "attachments", ())))
    return schema_violation(reasons) if reasons else None


def ask(policy: RoutingPolicy, turn: Turn, situation: Situation, command: Request, opinion: Opinion) -> Outcome:
    """Return what comes of a permitted command in this situation."""
    match command:
        case events.AcknowledgeTicket():
            return agency.acknowledge(turn, situation, command)
        case events.ProgressTicket():
            return agency.progress(turn, situation, command)
        case events.AnswerTicket():
            return agency.answer(turn, situation, command)
        case events.DeclineTicket():
            return agency.decline(turn, situation, command, policy, opinion)
        case events.HoldTicket():
            return agency.hold(turn, situation, command)
        case events.ResumeTicket():
            return agency.resume(turn, situation, command)
        case events.ReplyToTicket():
            return reporter.reply(turn, situation, command)
        case events.ConfirmTicket():
            return reporter.confirm(turn, situation, command)
        case events.DisputeTicket():
            return reporter.dispute(turn, situation, command, policy.reopen_within)
        case events.WithdrawTicket():
            return reporter.withdraw(turn, situation)
        case events.AssignTicket():
            return officer.assign(turn, situation, command, policy)
        case events.ReclassifyTicket():
            return officer.reclassify(turn, situation, command, policy)
        case events.ArchiveTicket():
            return officer.archive(turn, situation, command)
        case events.MergeTicket():
            return officer.merge(turn, situation, command)
        case events.UnmergeTicket():
            return officer.unmerge(turn, situation)
        case _:
            assert_never(command)


def _ends(before: Situation, outcome: Outcome) -> bool:
    ended = (Closed, Archived, Withdrawn)
    return isinstance(outcome, Turn) and isinstance(outcome.situation, ended) and not isinstance(before, ended)


def untraced(policy: RoutingPolicy, update: Update, refusal: Refusal, ticket: Ticket | None = None) -> tuple[Fact, ...]:
    """Return a refusal that leaves no trace; it comes out the same whenever the same record is handled again.

    Args:
        ticket: None if nobody knows it.
    """
    ticket_id = update.command.ticket_id
    known = {"tracking_id": ticket.tracking_id, "parent": ticket.parent, "part": ticket.part} if ticket else {}
    data = events.UpdateRefused(
        **{"tracking_id": ""} | known, ticket_id=ticket_id, state="unchanged", version=0, at=update.at,
        **_wording(update, refusal),
    )  # fmt: skip
    return tuple(Fact(data, topic, ticket_id, update.at) for topic in hearers(policy, update.sender))


def hearers(policy: RoutingPolicy, sender: Sender | None) -> tuple[str, ...]:
    """Return where a refusal is told: in the history, and to the agency that asked."""
    if sender is None or sender.role is not Role.AGENCY or sender.code not in policy.agencies:
        return (TICKETS,)
    return TICKETS, agency_topic(sender.code)


def _wording(update: Update, refusal: Refusal) -> dict[str, str]:
    return {
        "update_id": update.id,
        "update_source": update.source[:SOURCE_SYMBOLS_MAX],
        "code": refusal.code,
        "message_id": refusal.message_id,
        "message_en": refusal.message_en,
    }
