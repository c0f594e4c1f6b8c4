"""Every topic: who writes it, who reads it, and how long it keeps."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from shared.values import replace, value

HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
TOMBSTONE_DAYS = 30  # so long may a reader be away and still learn that something was erased
VALUE_BYTES_MAX = 256 * 1024
ADDRESS_BYTES_MAX = 64 * 1024  # of a key, and of all headers together
DEAD_LETTER_BYTES_MAX = 16 * 1024 * 1024

SERVICES = ("intake", "routing", "sla", "notify")

SUBMITTED = "complaints.submitted"  # a family: complaints.submitted.<channel>
ANSWERS = "complaints.answers"  # a family: complaints.answers.<channel>
ACCEPTED = "complaints.accepted"
CONTACTS = "reporters.contacts"
REQUESTS = "reporters.requests"
EXPORTS = "reporters.exports"
UPDATES = "tickets.updates"  # a family: tickets.updates.<sender>
ROUTED = "tickets.routed"  # a family: tickets.routed.<agency>
STATUS = "tickets.status"  # a family: tickets.status.<channel>
TICKETS = "tickets.events"
TRIAGE = "tickets.triage"
LINKS = "tickets.links"
QUESTIONS = "tickets.questions"
SLA = "sla.events"
FOR_ROUTING = "sla.for_routing"
WARNINGS = "sla.warnings"
BREACHES = "sla.breaches"
DELIVERIES = "notifications.deliveries"
AUDIT = "security.audit"

OF_EVERY_TICKET = (ACCEPTED, CONTACTS, TICKETS, LINKS, SLA, FOR_ROUTING, DELIVERIES)
"""Through these goes what is said of every ticket, so their partitions bound how many replicas share the work."""

PARTITIONS = 3
"""Of each topic of ours unless policy/topics.yaml says otherwise; each costs broker and readers something."""

WATCHED_GROUPS = {"intake": "routing"}
"""Whose consumer group a service may look at, to see how far that one has handled what it writes."""

FORMER = {FOR_ROUTING: SLA}
"""Where release 0.1.0 said what is told on a topic of its own now."""

COMPACTED = (CONTACTS,)
"""Of each key there, only the last record counts and stays."""

FAMILIES = (SUBMITTED, ANSWERS, UPDATES, ROUTED, STATUS)
"""Of each there is a topic for every channel, sender or agency, named ``<family>.<member>``."""

MEMBER = "[a-z0-9_-]+"
FROM_OUTSIDE = (SUBMITTED, UPDATES)
OFFICERS = "officers"
LINK_CHANNEL = "links"
"""The channel through which notify's own pages say what reporters answer; nobody hands reports over on it."""

AUDITORS = "auditors"
OF_OUTSIDERS_DAYS = 30
DEAD_LETTERS_DAYS, REPLAYS_DAYS = 90, 30
OF_A_SMALL_CHANNEL, OF_A_LARGE_CHANNEL = 1, 3  # partitions of what is told to a channel


@value
class Topic:
    """A topic as it should stand on the broker.

    ``written_by`` and ``read_by`` name who may: services, ``channel-<code>``, ``agency-<code>``, ``officers``, ``ops``,
    ``auditors`` and ``board``.
    """

    name: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    partitions: int
    retention_days: int | None  # None: compacted, kept for ever
    message_bytes_max: int = 1024 * 1024
    compacted_within_hours: float = 24  # what is superseded goes then, once a later record opens the next segment

    @property
    def config(self) -> dict[str, str]:
        """Return the broker's configuration entries for this topic."""
        entries = {
            "cleanup.policy": "delete" if self.retention_days else "compact",
            "max.message.bytes": str(self.message_bytes_max),
            # The broker's clock, not the writer's, says when something arrived; and each acknowledgement tells it.
            "message.timestamp.type": "LogAppendTime",
        }
        if self.retention_days:
            return entries | {"retention.ms": str(self.retention_days * DAY_MS)}
        within_ms = str(max(1, round(self.compacted_within_hours * HOUR_MS)))
        return entries | {
            "max.compaction.lag.ms": within_ms,
            "segment.ms": within_ms,
            "min.cleanable.dirty.ratio": "0.1",
            "delete.retention.ms": str(TOMBSTONE_DAYS * DAY_MS),
        }


# Asked several times for each record that is read.
@lru_cache(maxsize=4096)
def family_of(topic: str) -> str:
    """Return the family of a topic (without prefix), or the topic itself if it belongs to none."""
    return next((family for family in FAMILIES if topic.startswith(f"{family}.")), topic)


def member_of(topic: str) -> str | None:
    """Return whose topic of its family it is; None for a topic of no family."""
    family = family_of(topic)
    return None if family == topic else topic.removeprefix(f"{family}.")


def topic_pattern(topics: Iterable[str], prefix: str = "", *, shared: bool = False) -> str:
    """Return a regular expression for these topics, with *prefix*, and for all topics of the families among them.

    Args:
        shared: Whether the topics count, too, on which release 0.1.0 said what these hold now: a family's bare name,
            which all its members shared, and those of `FORMER`.
    """
    member = rf"(?:\.{MEMBER})?" if shared else rf"\.{MEMBER}"
    names = list(topics)
    former = [FORMER[topic] for topic in names if shared and topic in FORMER]
    choices = [re.escape(topic) + (member if topic in FAMILIES else "") for topic in (*names, *former)]
    return f"^{re.escape(prefix)}(?:{'|'.join(choices)})$"


def is_from_outside(topic: str) -> bool:
    """Return whether outsiders write *topic* (without prefix), so that nothing in it may be taken on trust."""
    return family_of(topic) in FROM_OUTSIDE


def submitted_topic(channel: str) -> str:
    """Return the name of the topic on which a channel hands reports over."""
    return f"{SUBMITTED}.{channel}"


def answers_topic(channel: str) -> str:
    """Return the name of the topic on which a channel hears whether its reports were taken."""
    return f"{ANSWERS}.{channel}"


def status_topic(channel: str) -> str:
    """Return the name of the topic on which a channel hears what it may tell its reporters."""
    return f"{STATUS}.{channel}"


def updates_topic(sender: str) -> str:
    """Return the name of the topic of ``agency-<code>``, ``channel-<code>`` or ``officers``."""
    return f"{UPDATES}.{sender}"


def agency_topic(agency: str) -> str:
    """Return the name of the topic that holds one agency's tickets."""
    return f"{ROUTED}.{agency}"


def dead_letter_topic(service: str) -> str:
    """Return the name of the topic that holds what *service* could not handle."""
    return f"{service}.dead-letters"


def replay_topic(service: str) -> str:
    """Return the name of the topic from which *service* alone reads dead letters again."""
    return f"{service}.replays"


def is_replay(topic: str) -> bool:
    """Return whether *topic* (without prefix) holds dead letters that are read again, each with its own origin."""
    return topic in map(replay_topic, SERVICES)


COMMON = (
    Topic(ACCEPTED, ("intake",), ("routing", "sla", "notify", OFFICERS, "ops", "board"), PARTITIONS, 30),
    Topic(CONTACTS, ("intake",), ("notify",), PARTITIONS, None),
    Topic(REQUESTS, ("routing",), ("intake", "notify"), 3, 30),
    Topic(EXPORTS, ("notify",), (OFFICERS,), 3, 1),
    Topic(updates_topic(OFFICERS), (OFFICERS,), ("routing",), 1, OF_OUTSIDERS_DAYS),
    Topic(updates_topic(f"channel-{LINK_CHANNEL}"), ("notify",), ("routing",), 1, OF_OUTSIDERS_DAYS),
    Topic(status_topic(LINK_CHANNEL), ("routing",), ("ops",), 1, 90),  # of what was refused; nobody else need read it
    Topic(TICKETS, ("routing",), ("sla", "notify", OFFICERS, "ops", "board"), PARTITIONS, 90),
    Topic(LINKS, ("routing",), ("routing",), PARTITIONS, 30),
    Topic(TRIAGE, ("routing",), (OFFICERS,), 3, 90),
    Topic(QUESTIONS, ("intake",), ("routing",), 3, 30),
    Topic(SLA, ("sla",), ("routing", "notify", "ops", "board"), PARTITIONS, 90),
    Topic(FOR_ROUTING, ("sla",), ("routing",), PARTITIONS, 30),
    Topic(WARNINGS, ("sla",), ("ops", "routing", "notify"), 3, 90),
    Topic(BREACHES, ("sla",), ("ops", "routing", "notify"), 3, 400),
    Topic(DELIVERIES, ("notify",), ("ops", "board"), PARTITIONS, 30),
    Topic(AUDIT, SERVICES, (AUDITORS, "ops"), 3, 400),
)


LONGEST_DAYS = max(topic.retention_days or 0 for topic in COMMON)
"""So long any topic keeps what it holds, but for the one that is compacted."""


def of_service(service: str, dead_letters_days: int = DEAD_LETTERS_DAYS) -> tuple[Topic, Topic]:
    """Return a service's own two topics: its dead letters, with the operators' notes on them, and their replays."""
    return (
        Topic(dead_letter_topic(service), (service, "ops"), ("ops",), 3, dead_letters_days, DEAD_LETTER_BYTES_MAX),
        Topic(replay_topic(service), ("ops",), (service, "ops"), 3, REPLAYS_DAYS, DEAD_LETTER_BYTES_MAX),
    )


def of_agency(agency: str, partitions: int = 1) -> tuple[Topic, Topic]:
    """Return the two topics of an agency: its tickets, and what it says of them on so many partitions."""
    sender = f"agency-{agency}"
    return (
        Topic(agency_topic(agency), ("routing",), (sender,), 3, 90),
        Topic(updates_topic(sender), (sender,), ("routing",), partitions, OF_OUTSIDERS_DAYS),
    )


def of_channel(channel: str, partitions: int = 1, *, is_called: bool = False) -> tuple[Topic, ...]:
    """Return the topics of a channel: its reports on so many partitions, the answers, its tickets, its updates.

    Args:
        is_called: Whether notify calls its server with what it says of its tickets.
    """
    sender = f"channel-{channel}"
    told = (sender, "notify") if is_called else (sender,)
    fewer = OF_A_SMALL_CHANNEL if partitions == 1 else OF_A_LARGE_CHANNEL
    return (
        Topic(submitted_topic(channel), (sender,), ("intake",), partitions, OF_OUTSIDERS_DAYS),
        Topic(answers_topic(channel), ("intake",), (sender,), fewer, 30),
        Topic(status_topic(channel), ("routing",), told, fewer, 90),
        Topic(updates_topic(sender), (sender,), ("routing",), fewer, OF_OUTSIDERS_DAYS),
    )


def catalogue(
    agencies: Mapping[str, int],
    channels: Mapping[str, int],
    dead_letters_days: int = DEAD_LETTERS_DAYS,
    partitions: Mapping[str, int] | None = None,
    called: Collection[str] = (),
) -> tuple[Topic, ...]:
    """Return every topic of a city.

    Args:
        agencies, channels: By code, to how many partitions each writes.
        partitions: Of single topics, or of all of a family, where it is not what stands here.
        called: Channels whose servers notify calls with what is said of their tickets.
    """
    said = partitions or {}
    own = [topic for service in SERVICES for topic in of_service(service, dead_letters_days)]
    theirs = [topic for code, partitions in agencies.items() for topic in of_agency(code, partitions)]
    handed_over = [
        topic
        for code, partitions in channels.items()
        for topic in of_channel(code, partitions, is_called=code in called)
    ]
    return tuple(
        replace(each, partitions=said.get(each.name, said.get(family_of(each.name), each.partitions)))
        for each in (*COMMON, *own, *theirs, *handed_over)
    )
