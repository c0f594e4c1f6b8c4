"""Says who opens a reporter's contact, as a chain of facts of which the state keeps the head."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.notify.domain.correspondence import AuditHead, Correspondence
from services.notify.domain.deliveries import REPORTER, Delivery
from shared import events
from shared.events import Fact
from shared.events.envelope import stamp
from shared.topics import AUDIT
from shared.values import replace

NOTIFY = events.Opener(role=events.OpenerRole.SERVICE, code="notify")


def opening(
    state: Correspondence,
    purpose: events.OpeningPurpose,
    by: events.Opener,
    now: datetime,
    delivery_id: str | None = None,
) -> tuple[Correspondence, Fact]:
    """Return the state once the contact may be opened, and the fact that says so.

    Both are saved, and the fact published, before anything is opened.
    """
    sequence = len(state.audit.opened_at) + 1
    said: dict[str, Any] = {
        "ticket_id": state.ticket_id, "purpose": purpose, "by": by, "at": now, "sequence": sequence,
        "previous": state.audit.hash,
    }  # fmt: skip
    if delivery_id is not None:
        said["delivery_id"] = delivery_id
    # As the fact will write itself: a second one, made only to be hashed, takes longer than all the rest.
    said["hash"] = events.link_hash({**said, "by": vars(by), "at": stamp(now)})
    fact = Fact(events.ContactOpened.of(said), AUDIT, state.ticket_id, at=now, occasion=f"audit|{sequence}")
    return replace(state, audit=AuditHead(said["hash"], (*state.audit.opened_at, now))), fact


def openings_to_send(
    state: Correspondence, claims: Iterable[Delivery], now: datetime
) -> tuple[Correspondence, tuple[Fact, ...]]:
    """Return the state and the facts once the contact may be opened for each of *claims* that is to the reporter."""
    facts: list[Fact] = []
    for delivery in claims:
        if delivery.role == REPORTER:
            state, fact = opening(state, events.OpeningPurpose.SEND, NOTIFY, now, delivery.id)
            facts.append(fact)
    return state, tuple(facts)


def last_needed_at(state: Correspondence) -> datetime | None:
    """Return when the ticket has ended, or was its contact opened for the last time; None if it has not ended.

    As long after that the facts about who opened the contact are kept, and the head of their chain.
    """
    return None if state.ended_at is None else max((state.ended_at, *state.audit.opened_at[-1:]))
