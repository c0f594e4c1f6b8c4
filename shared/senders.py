"""Who speaks on a topic that outsiders write: the topic says it, and what an event claims of itself must agree."""

from enum import StrEnum

from shared import topics
from shared.topics import OFFICERS
from shared.values import value


class Role(StrEnum):
    """What kind of outsider writes; also the ``role`` of a fact's ``by``."""

    AGENCY = "agency"
    CHANNEL = "channel"
    OFFICER = "officer"


ROOTS = {Role.AGENCY: "agencies", Role.CHANNEL: "channels", Role.OFFICER: "officers"}
ROLES = {root: role for role, root in ROOTS.items()}


@value
class Sender:
    """Who wrote an event: an agency, a channel or an officer, by code."""

    role: Role
    code: str

    @property
    def source(self) -> str:
        """Return the CloudEvents source under which it writes, as ``/agencies/dlh``."""
        return f"/{ROOTS[self.role]}/{self.code}"

    @property
    def principal(self) -> str:
        """Return the name under which the broker knows it; all officers share one."""
        return OFFICERS if self.role is Role.OFFICER else f"{self.role}-{self.code}"

    @property
    def updates_topic(self) -> str:
        """Return the topic on which it says what it did or asks for; all officers share one."""
        return topics.updates_topic(self.principal)


@value
class Owner:
    """Who alone may write a topic; ``code`` is None for the officers, of whom each names itself in the source."""

    role: Role
    code: str | None

    @property
    def name(self) -> str:
        """Return what it is called among all senders, as ``agency-dlh`` or ``officers``."""
        return OFFICERS if self.code is None else f"{self.role}-{self.code}"

    def __str__(self) -> str:
        return f"/{ROOTS[self.role]}/{self.code or '<code>'}"

    def is_source(self, source: str) -> bool:
        """Return whether *source* is one that the owner writes under."""
        sender = sender_of(source)
        return sender is not None and sender.role is self.role and self.code in (None, sender.code)


def sender_of(source: str) -> Sender | None:
    """Return who writes under *source*, or None where no outsider does."""
    before, _, rest = source.partition("/")
    root, _, code = rest.partition("/")
    return Sender(ROLES[root], code) if not before and code and root in ROLES else None


def owner_of(topic: str) -> Owner | None:
    """Return who alone writes *topic* (without prefix); None for a topic of ours, or one that several would share."""
    family, member = topics.family_of(topic), topics.member_of(topic)
    if member is None:
        return None
    if family == topics.SUBMITTED:
        return Owner(Role.CHANNEL, member)
    if family != topics.UPDATES:
        return None
    if member == OFFICERS:
        return Owner(Role.OFFICER, None)
    role, _, code = member.partition("-")
    return Owner(Role(role), code) if code and role in (Role.AGENCY, Role.CHANNEL) else None


def refusals_topic(sender: Sender | Owner) -> str:
    """Return the topic on which *sender* hears that an update of its own was refused; all officers share one."""
    if sender.role is Role.OFFICER or sender.code is None:
        return topics.TRIAGE
    return topics.agency_topic(sender.code) if sender.role is Role.AGENCY else topics.status_topic(sender.code)


def sender_name(topic: str) -> str:
    """Return what the sender of *topic* (without prefix) is called; a topic of ours stands for itself."""
    owner = owner_of(topic)
    return topic if owner is None else owner.name
