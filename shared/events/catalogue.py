"""The event catalogue: every type, who publishes it, and on which topics."""

from shared import topics
from shared.events import (
    commands,
    complaints,
    links,
    notifications,
    refusals,
    sla,
    status,
    tickets,
)
from shared.events.base import EventData
from shared.events.privacy import reporters, security
from shared.values import value

AGENCY_TOPICS = topics.agency_topic("<agency>")
STATUS_TOPICS = topics.status_topic("<channel>")
FROM_CHANNELS = topics.submitted_topic("<channel>")
ANSWERS = topics.answers_topic("<channel>")
UPDATES = topics.updates_topic("channel-<channel>")
LINK_UPDATES = topics.updates_topic(f"channel-{topics.LINK_CHANNEL}")


@value
class Entry:
    """One type of event: its data, which service or group publishes it, and on which topics."""

    data: type[EventData]
    published_by: str
    topics: tuple[str, ...]


def _entries(published_by: str, *on: str, data: tuple[type[EventData], ...]) -> tuple[Entry, ...]:
    return tuple(Entry(model, published_by, on) for model in data)


FROM_AGENCIES: tuple[type[EventData], ...] = (
    commands.AcknowledgeTicket, commands.ProgressTicket, commands.AnswerTicket, commands.DeclineTicket,
    commands.HoldTicket, commands.ResumeTicket,
)  # fmt: skip
FROM_LINKS: tuple[type[EventData], ...] = (
    commands.ReplyToTicket, commands.ConfirmTicket, commands.DisputeTicket, commands.StopMessages,
    commands.ResumeMessages,
)  # fmt: skip
FROM_OFFICERS: tuple[type[EventData], ...] = (
    commands.AssignTicket, commands.ReclassifyTicket, commands.ArchiveTicket, commands.MergeTicket,
    commands.UnmergeTicket, commands.ExportReporter, commands.CorrectReporter, commands.EraseReporter,
    commands.ResendNotice, commands.SuppressNotice,
)  # fmt: skip
TO_AGENCIES: tuple[type[EventData], ...] = (
    tickets.TicketAcknowledged, tickets.TicketProgressed, tickets.TicketAnswered, tickets.TicketHeld,
    tickets.TicketResumed, tickets.TicketClosed, tickets.TicketReopened, links.AnswerOffered,
)  # fmt: skip
TO_WHOEVER_HAS_IT: tuple[type[EventData], ...] = (
    tickets.TicketRouted, tickets.ReporterReplied, tickets.TicketReclassified, tickets.TicketArchived,
    tickets.TicketWithdrawn, tickets.TicketMerged, tickets.TicketUnmerged, links.ClusterJoined, links.ClusterLeft,
    links.ClusterCounted,
)  # fmt: skip

CATALOGUE: tuple[Entry, ...] = (
    *_entries("channels", FROM_CHANNELS, data=(complaints.ComplaintSubmitted,)),
    *_entries("intake", topics.ACCEPTED, ANSWERS, data=(complaints.ComplaintAccepted,)),
    *_entries("intake", ANSWERS, data=(complaints.ComplaintRejected,)),
    *_entries("intake", topics.QUESTIONS, data=(status.StatusAsked,)),
    *_entries("intake", topics.CONTACTS, data=(complaints.ContactSealed, complaints.ContactErased)),
    *_entries("agencies", topics.updates_topic("agency-<agency>"), data=FROM_AGENCIES),
    *_entries("channels", UPDATES, LINK_UPDATES, data=FROM_LINKS),
    *_entries("channels", UPDATES, data=(commands.WithdrawTicket,)),
    *_entries("officers", topics.updates_topic(topics.OFFICERS), data=FROM_OFFICERS),
    *_entries("routing", topics.TICKETS, AGENCY_TOPICS, topics.TRIAGE, data=TO_WHOEVER_HAS_IT),
    *_entries("routing", topics.TICKETS, AGENCY_TOPICS, data=TO_AGENCIES),
    *_entries(
        "routing", topics.TICKETS, AGENCY_TOPICS, STATUS_TOPICS, topics.status_topic(topics.LINK_CHANNEL),
        topics.TRIAGE, data=(refusals.UpdateRefused,),
    ),
    *_entries(
        "routing", topics.TICKETS,
        data=(
            tickets.TicketDeclined, links.TicketPartReopened, reporters.MessagesStopped, reporters.MessagesResumed,
        ),
    ),
    *_entries("routing", topics.TICKETS, data=(notifications.ResendRequested, notifications.SuppressionRequested)),
    *_entries("routing", topics.TICKETS, topics.TRIAGE, data=(tickets.TriageRequested, links.TicketSplit)),
    *_entries(
        "routing", topics.TICKETS, topics.REQUESTS,
        data=(reporters.ReporterErased, reporters.ContactCorrected, reporters.ExportRequested),
    ),
    *_entries("notify", topics.EXPORTS, data=(reporters.ReporterExported,)),
    *_entries("routing", AGENCY_TOPICS, data=(tickets.TicketUnassigned,)),
    *_entries("routing", STATUS_TOPICS, data=(status.TicketStatusChanged,)),
    *_entries(
        "routing", topics.LINKS,
        data=(
            links.TicketLinked, links.TicketUnlinked, links.LinkRefused, links.AnswerPassedOn, links.LeaderChanged,
            links.LeaderRouted,
            links.PartOpened, links.PartEnded, links.PartReopened, links.WholeWithdrawn, links.ReporterForgotten,
        ),
    ),
    *_entries(
        "sla", topics.SLA, topics.FOR_ROUTING, AGENCY_TOPICS,
        data=(
            sla.ClockStarted, sla.ClockPaused, sla.ClockResumed, sla.ClockMet, sla.ClockStopped, sla.DueChanged,
        ),
    ),
    *_entries("sla", topics.SLA, topics.FOR_ROUTING, data=(sla.FeedbackWindowExpired, sla.CompletionWindowExpired)),
    *_entries("sla", topics.WARNINGS, AGENCY_TOPICS, data=(sla.ClockWarned,)),
    *_entries(
        "sla", topics.BREACHES, AGENCY_TOPICS,
        data=(sla.ClockBreached, sla.BreachEscalated, sla.BreachCleared, sla.BreachCorrected),
    ),
    *_entries(
        "notify", topics.DELIVERIES,
        data=(
            notifications.NotificationSent, notifications.NotificationDelivered, notifications.NotificationFailed,
            notifications.NotificationSuppressed,
        ),
    ),
    *_entries("notify", topics.AUDIT, data=(security.ContactOpened,)),
)  # fmt: skip

DATA_BY_TYPE: dict[str, type[EventData]] = {entry.data.TYPE: entry.data for entry in CATALOGUE}
