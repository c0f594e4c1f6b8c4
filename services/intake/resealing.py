"""A contact that was sealed anew: intake's document keeps it in place of the former seal, and hands it on."""

import hashlib
from datetime import datetime

from services.intake.domain.state import State, Taken
from shared import topics
from shared.delivery.documents.document import Answer, Document
from shared.delivery.outgoing import Cause, Outgoing, outgoing
from shared.events import ContactSealed, Fact
from shared.events.envelope import decode
from shared.ids import occasion_id
from shared.values import replace


def last_contact(document: Document[State]) -> ContactSealed | None:
    """Return the contact that intake has said last of a ticket, as far as it keeps it; None after an erasure."""
    said = [event for event in document.unpublished({}) if event.topic == topics.CONTACTS]
    value = said[-1].value if said else None
    data = decode(value, dict(said[-1].headers), from_outside=False).data if value is not None else None
    return data if isinstance(data, ContactSealed) else None


def is_erased(document: Document[State]) -> bool:
    """Return whether the document keeps nothing of a reporter any more."""
    return not isinstance(document.state, Taken | None)


def with_resealed(document: Document[State], contact: ContactSealed, now: datetime) -> Document[State]:
    """Return the document with *contact* to be published, and kept wherever it keeps the ticket's contact.

    So whoever repeats the report is answered as before, and brings back no seal of a key that is out of use.
    """
    occasion = f"resealed|{hashlib.sha256(contact.sealed.encode()).hexdigest()}"
    fact = Fact(contact, topics.CONTACTS, document.id, at=now, occasion=occasion)
    (made,) = outgoing("intake", document.id, Cause(occasion_id(document.id, occasion), None), (fact,), now)
    applied = {id_: answer and _in_place(answer, made) for id_, answer in document.applied.items()}
    pending = tuple(event for event in document.pending if not _is_contact(event))
    return replace(document, applied=applied, pending=pending).move((made,), document.state, now)


def _in_place(answer: Answer, made: Outgoing) -> Answer:
    return replace(answer, outgoing=tuple(made if _is_contact(event) else event for event in answer.outgoing))


def _is_contact(event: Outgoing) -> bool:
    return event.topic == topics.CONTACTS and event.value is not None
