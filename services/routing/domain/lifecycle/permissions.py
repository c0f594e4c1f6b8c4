"""Who may ask for what; never whether the ticket is in a state for it."""

from services.routing.domain.agency_choice.rules import OfficerRole, RoutingPolicy
from services.routing.domain.ticket.refusals import NOT_FOUND, NOT_PERMITTED, UNKNOWN_OFFICER, Refusal
from services.routing.domain.ticket.state import Situation, Ticket
from shared import events
from shared.senders import Role, Sender
from shared.topics import LINK_CHANNEL

Kinds = tuple[type[events.Command], ...]

OF_AGENCIES: Kinds = (
    events.AcknowledgeTicket, events.ProgressTicket, events.AnswerTicket, events.DeclineTicket,
    events.HoldTicket, events.ResumeTicket, events.ReclassifyTicket,
)  # fmt: skip
OF_TRIAGE: Kinds = (
    events.AssignTicket, events.ReclassifyTicket, events.ArchiveTicket, events.MergeTicket,
    events.UnmergeTicket, events.HoldTicket, events.ResumeTicket,
)  # fmt: skip
OF_PRIVACY: Kinds = (events.ExportReporter, events.CorrectReporter, events.EraseReporter)
OF_NOTICES: Kinds = (events.ResendNotice, events.SuppressNotice)
"""What officers of triage and those who answer for privacy may ask, of every ticket."""
OF_LINKS: Kinds = (
    events.ReplyToTicket, events.ConfirmTicket, events.DisputeTicket, events.StopMessages, events.ResumeMessages,
)  # fmt: skip
OF_CHANNELS: Kinds = (*OF_LINKS, events.WithdrawTicket)


def bars(policy: RoutingPolicy, sender: Sender | None, command: events.Command) -> Refusal | None:
    """Return why *sender* may ask this of no ticket at all, or None."""
    if sender is None:
        return NOT_PERMITTED
    if sender.role is Role.OFFICER and sender.code not in policy.officers:
        return UNKNOWN_OFFICER
    return None if isinstance(command, _kinds_of(policy, sender)) else NOT_PERMITTED


def _kinds_of(policy: RoutingPolicy, sender: Sender) -> Kinds:
    if sender.role is Role.AGENCY:
        return OF_AGENCIES
    if sender.role is Role.CHANNEL:
        return OF_LINKS if sender.code == LINK_CHANNEL else OF_CHANNELS
    officer = policy.officers[sender.code]
    decides = (*OF_TRIAGE, *OF_NOTICES) if officer.role is OfficerRole.TRIAGE else ()
    acts = OF_AGENCIES if officer.agencies else ()
    return (*decides, *acts, *((*OF_PRIVACY, *OF_NOTICES) if officer.privacy else ()))


def forbids(
    policy: RoutingPolicy, sender: Sender | None, command: events.Command, ticket: Ticket, situation: Situation
) -> Refusal | None:
    """Return why *sender*, whom nothing bars from asking this, may not ask it of this ticket, or None.

    An agency acts only on a ticket that it has or had when it ended, and so do officers who act for it; a reporter
    speaks through the channel that handed the report over, for a channel knows only its own reporters, or by a link in
    a message, which notify has signed for that very ticket; triage officers decide about every ticket, and officers who
    answer for privacy about every reporter.
    """
    match sender:
        case Sender(Role.AGENCY, code):
            is_theirs = code == situation.agency
        case Sender(Role.CHANNEL, code):
            is_theirs = code in (ticket.report.channel, LINK_CHANNEL)
        case Sender(Role.OFFICER, code):
            officer = policy.officers[code]
            decides = officer.role is OfficerRole.TRIAGE and isinstance(command, OF_TRIAGE)
            answers_for_all = isinstance(command, (*OF_PRIVACY, *OF_NOTICES))
            is_theirs = decides or answers_for_all or situation.agency in officer.agencies
        case _:
            is_theirs = False
    return None if is_theirs else NOT_FOUND
