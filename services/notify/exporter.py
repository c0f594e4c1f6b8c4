"""Opens what notify holds of a reporter, and seals it for the officer who asked for it."""

from datetime import datetime
from typing import Any

from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import REPORTER, Delivery
from shared.events import Model
from shared.seal import Contact, Opener, Sealer, SealError
from shared.sealing_keys import from_base64

KEY_ID = "export"


class Notice(Model):
    """A notice to the reporter, and what became of it."""

    notice: str
    planned_at: datetime
    situation: str
    at: datetime | None = None
    channel: str | None = None
    why: str | None = None


class Held(Model):
    """What notify holds of a reporter.

    Args:
        contact_state: ``known``, ``none`` if there is no contact, ``erased``, or ``unreadable`` if no key opens it.
    """

    contact_state: str
    contact: Contact | None = None
    notices: tuple[Notice, ...] = ()


class Exporter:
    """Seals what is held of reporters.

    Args:
        opener: Opens contacts.
    """

    def __init__(self, opener: Opener) -> None:
        self.opener = opener

    def seal(self, state: Correspondence, public_key: str) -> str:
        """Return what is held, as JSON, sealed for *public_key* and bound to the ticket's id, in base64.

        Raises:
            ValueError: Nothing can be sealed with that key.
        """
        sealer = Sealer({KEY_ID: from_base64(public_key)})
        return sealer.seal(state.ticket_id, self.held(state).model_dump_json(exclude_none=True).encode())[0]

    def held(self, state: Correspondence) -> Held:
        """Return what is held, with the contact opened."""
        notices = tuple(_notice(delivery) for delivery in state.deliveries if delivery.role == REPORTER)
        kept = state.contact
        if not isinstance(kept, Sealed):
            return Held(contact_state="none" if kept.kind == "unknown" else kept.kind, notices=notices)
        try:
            contact = self.opener.open_contact(state.ticket_id, kept.sealed, kept.key_id, kept.scheme, kept.info)
        except SealError:
            return Held(contact_state="unreadable", notices=notices)
        return Held(contact_state="known", contact=contact, notices=notices)


def _notice(delivery: Delivery) -> Notice:
    now: Any = delivery.situation
    return Notice(
        notice=delivery.notice,
        planned_at=delivery.planned_at,
        situation=now.kind,
        at=getattr(now, "at", None),
        channel=getattr(now, "channel", None),
        why=getattr(now, "why", None) or getattr(now, "error", None),
    )
