"""Who may ask for what; never whether the ticket is in a state for it."""

from dataclasses import dataclass
from enum import StrEnum

from services.routing.domain.ticket.refusals import NOT_PERMITTED, NOT_YOURS, Refusal
from services.routing.domain.ticket.state import Situation, Ticket
from shared import events


class Role(StrEnum):
    """Who writes updates, as it stands in the event's source: ``/agencies/<code>``."""

    AGENCY = "agencies"
    OFFICER = "officers"
    CHANNEL = "channels"


MAY: dict[Role, tuple[type[events.Command], ...]] = {
    Role.AGENCY: (
        events.AcknowledgeTicket, events.ProgressTicket, events.AnswerTicket, events.DeclineTicket,
        events.HoldTicket, events.ResumeTicket, events.ReclassifyTicket,
    ),
    Role.OFFICER: (
        events.AssignTicket, events.ReclassifyTicket, events.ArchiveTicket, events.MergeTicket,
        events.UnmergeTicket, events.HoldTicket, events.ResumeTicket,
    ),
    Role.CHANNEL: (events.ReplyToTicket, events.ConfirmTicket, events.DisputeTicket, events.WithdrawTicket),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote an update."""

    role: Role
    code: str


def sender_of(source: str) -> Sender | None:
    """Return who writes under *source*, or None where nobody who may ask for anything does."""
    root, _, rest = source.partition("/")
    role, _, code = rest.partition("/")
    return Sender(Role(role), code) if not root and code and role in list(Role) else None


def forbids(sender: Sender | None, command: events.Command, ticket: Ticket, situation: Situation) -> Refusal | None:
    """Return why *sender* may not ask this of the ticket, or None.

    An agency acts only on a ticket that it has or had when it ended; a reporter speaks through the channel that
    handed the report over, for a channel knows only its own reporters; officers act on every ticket.
    """
    if sender is None or not isinstance(command, MAY[sender.role]):
        return NOT_PERMITTED
    owner = {
        Role.AGENCY: situation.agency,
        Role.CHANNEL: ticket.report.channel,
        Role.OFFICER: sender.code,
    }[sender.role]
    return None if sender.code == owner else NOT_YOURS
