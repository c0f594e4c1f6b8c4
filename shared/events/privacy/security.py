"""Facts for those who supervise: who opened what is sealed. They hold no identity, and are chained by hash."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

import orjson

from shared.events.base import Code, EventData, Instant, Model

CHAIN_START = "0" * 64
"""What stands as ``previous`` in the first fact of a chain."""


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

    ``hash`` is the SHA-256 over ``previous`` and all other fields (`link_hash`), and ``previous`` the hash of
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


def link_hash(fields: Mapping[str, Any]) -> str:
    """Return the hash of a fact with these JSON *fields*, in hex, whatever they say of their own ``hash``.

    It is the SHA-256 over the text of ``previous`` and, behind it, all fields but ``previous`` and ``hash`` as
    canonical JSON: no white space, names in the order of their code points, UTF-8.

    Source:
        JSON Canonicalization Scheme, RFC 8785; the fields are texts, whole numbers and objects of these.
    """
    hashed = {name: value for name, value in fields.items() if name not in ("previous", "hash")}
    canonical = orjson.dumps(hashed, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(str(fields.get("previous", "")).encode() + canonical).hexdigest()


__all__ = ["CHAIN_START", "ContactOpened", "Opener", "OpenerRole", "OpeningPurpose", "link_hash"]
