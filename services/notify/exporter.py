"""Opens what notify holds of a reporter, and seals it for the officer who asked for it."""

from datetime import datetime

from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Settled
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
        unlisted: How many notices there were before those that are listed; absent if there were none.
    """

    contact_state: str
    contact: Contact | None = None
    notices: tuple[Notice, ...] = ()
    unlisted: int | None = None


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
        over = [_settled_notice(each) for each in state.over if each.role == REPORTER]
        waiting = [_notice(each) for each in state.deliveries if each.role == REPORTER and not each.is_settled]
        notices = tuple(sorted([*over, *waiting], key=lambda notice: notice.planned_at))
        found = Held(contact_state="known", notices=notices, unlisted=state.unlisted or None)
        kept = state.contact
        if not isinstance(kept, Sealed):
            return found.model_copy(update={"contact_state": "none" if kept.kind == "unknown" else kept.kind})
        try:
            contact = self.opener.open_contact(state.ticket_id, kept.sealed, kept.key_id, kept.scheme, kept.info)
        except SealError:
            return found.model_copy(update={"contact_state": "unreadable"})
        return found.model_copy(update={"contact": contact})


def _settled_notice(settled: Settled) -> Notice:
    return Notice(
        notice=settled.notice,
        planned_at=settled.planned_at,
        situation=settled.outcome,
        at=settled.at,
        channel=settled.channel,
        why=settled.why,
    )


def _notice(delivery: Delivery) -> Notice:
    now = delivery.situation
    return Notice(
        notice=delivery.notice,
        planned_at=delivery.planned_at,
        situation=now.kind,
        at=now.at if isinstance(now, Due) else None,
    )
