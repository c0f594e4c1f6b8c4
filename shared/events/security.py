"""Facts for those who supervise: who opened what is sealed. They hold no identity, and are chained by hash."""

from enum import StrEnum
from typing import ClassVar

from shared.events.base import Code, EventData, Instant, Model


class OpeningPurpose(StrEnum):
    """What a contact is opened for: to send its reporter a notice, or to answer who asks what is held of him."""

    SEND = "send"
    EXPORT = "export"


class OpenerRole(StrEnum):
    """On whose account it is opened."""

    SERVICE = "service"
    OFFICER = "officer"


class Opener(Model):
    """Who opens: a service by its name, or an officer by code."""

    role: OpenerRole
    code: Code


class ContactOpened(EventData):
    """A reporter's contact was opened; said before it is.

    ``hash`` is the SHA-256 over ``previous`` and all other fields (`shared.hash_chain`), and ``previous`` the hash of
    the same ticket's fact before, so that none can be removed or altered unnoticed.
    """

    TYPE: ClassVar[str] = "tindak.security.contact_opened.v1"
    ticket_id: str
    purpose: OpeningPurpose
    by: Opener
    delivery_id: str | None = None
    at: Instant
    sequence: int
    previous: str
    hash: str


__all__ = ["ContactOpened", "Opener", "OpenerRole", "OpeningPurpose"]
