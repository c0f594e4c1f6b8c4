"""Every topic: who writes it, who reads it, and how long it keeps."""

from collections.abc import Iterable
from dataclasses import dataclass

DAY_MS = 24 * 60 * 60 * 1000
VALUE_BYTES_MAX = 256 * 1024
ADDRESS_BYTES_MAX = 64 * 1024  # of a key, and of all headers together
DEAD_LETTER_BYTES_MAX = 16 * 1024 * 1024

REPLAYS = ".replays"

SERVICES = ("intake", "routing", "sla", "notify")

SUBMITTED = "complaints.submitted"  # a family: complaints.submitted.<channel>
ANSWERS = "complaints.answers"  # a family: complaints.answers.<channel>
ACCEPTED = "complaints.accepted"
REJECTED = "complaints.rejected"
CONTACTS = "reporters.contacts"
UPDATES = "tickets.updates"  # a family: tickets.updates.<sender>
ROUTED = "tickets.routed"  # a family: tickets.routed.<agency>
STATUS = "tickets.status"  # a family: tickets.status.<channel>
TICKETS = "tickets.events"
TRIAGE = "tickets.triage"
LINKS = "tickets.links"
SLA = "sla.events"
WARNINGS = "sla.warnings"
BREACHES = "sla.breaches"
DELIVERIES = "notifications.deliveries"

FAMILIES = (SUBMITTED, ANSWERS, UPDATES, ROUTED, STATUS)
"""Of each there is a topic for every channel, sender or agency, named ``<family>.<member>``."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should stand on the broker.

    ``written_by`` and ``read_by`` name services and the outside roles ``channels``, ``agencies``, ``officers``, ``ops``
    and ``board``, or ``agency:<code>`` for the one agency that may read its own topic.
    """

    name: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    partitions: int
    retention_days: int | None  # None: compacted, kept for ever
    message_bytes_max: int = 1024 * 1024

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
            entries["retention.ms"] = str(self.retention_days * DAY_MS)
        return entries


def family_of(topic: str) -> str:
    """Return the family of a topic (without prefix), or the topic itself if it belongs to none."""
    return next((family for family in FAMILIES if topic.startswith(f"{family}.")), topic)


def member_of(topic: str) -> str | None:
    """Return whose topic of its family it is; None for a topic of no family."""
    family = family_of(topic)
    return None if family == topic else topic.removeprefix(f"{family}.")


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
    return f"{service}{REPLAYS}"


COMMON = (
    Topic(SUBMITTED, ("channels",), ("intake",), 12, 30),
    Topic(ACCEPTED, ("intake",), ("routing", "sla", "notify", "board"), 12, 30),
    Topic(REJECTED, ("intake",), ("channels",), 3, 30),
    Topic(CONTACTS, ("intake",), ("notify",), 12, None),
    Topic(UPDATES, ("agencies", "officers", "channels"), ("routing",), 12, 30),
    Topic(TICKETS, ("routing",), ("sla", "notify", "board"), 12, 90),
    Topic(LINKS, ("routing",), ("routing",), 12, 30),
    Topic(TRIAGE, ("routing",), ("officers",), 3, 90),
    Topic(SLA, ("sla",), ("routing", "notify", "board"), 12, 90),
    Topic(WARNINGS, ("sla",), ("ops", "routing", "notify"), 3, 90),
    Topic(BREACHES, ("sla",), ("ops", "routing", "notify"), 3, 400),
    Topic(DELIVERIES, ("notify",), ("ops", "board"), 6, 30),
)


def of_service(service: str) -> tuple[Topic, Topic]:
    """Return a service's own two topics: its dead letters, with the operators' notes on them, and their replays."""
    return (
        Topic(dead_letter_topic(service), (service, "ops"), ("ops",), 3, 90, DEAD_LETTER_BYTES_MAX),
        Topic(replay_topic(service), ("ops",), (service, "ops"), 3, 30, DEAD_LETTER_BYTES_MAX),
    )


def of_agency(agency: str) -> Topic:
    """Return the topic of one agency."""
    return Topic(agency_topic(agency), ("routing",), (f"agency:{agency}",), 3, 90)


def catalogue(agencies: Iterable[str]) -> tuple[Topic, ...]:
    """Return every topic of a city with these agencies."""
    own = tuple(topic for service in SERVICES for topic in of_service(service))
    return COMMON + own + tuple(of_agency(agency) for agency in agencies)
