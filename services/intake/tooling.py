"""What the command line may use of intake: its policy, a dry run, and contacts that are sealed anew."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from services.intake.domain.decide import Secrets, decide
from services.intake.domain.rules import Rules
from services.intake.domain.sensitive.recognition import Recognised
from services.intake.domain.state import State as IntakeState
from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from services.intake.policy import load_intake
from services.intake.resealing import is_erased, last_contact, with_resealed
from shared import topics
from shared.events import Arrival, ComplaintAccepted, ComplaintRejected, ComplaintSubmitted, Event
from shared.process.settings import MongoSettings
from shared.text import fold

if TYPE_CHECKING:
    from services.intake.store import IntakeStore

__all__ = [
    "IntakeState", "Recognised", "Rules", "dry_run", "intake_store", "is_erased", "last_contact", "load_intake",
    "recognise", "with_resealed",
]  # fmt: skip


def intake_store(settings: MongoSettings) -> "IntakeStore":
    """Return intake's collection."""
    # The database is loaded by the one command that needs it.
    from services.intake.store import INDEXES, STATE, IntakeStore
    from shared.adapters.mongo.client import collection

    return IntakeStore(collection(settings, "intake"), STATE, INDEXES, compresses_outbox=settings.compressed_outbox)


def dry_run(rules: Rules, submitted: ComplaintSubmitted, at: datetime) -> ComplaintAccepted | ComplaintRejected:
    """Return intake's answer to a new report that arrives at *at*, without its contact."""
    anonymous = submitted.model_copy(update={"reporter": None, "reporter_sealed": None})
    ticket = SECRETS.ids.of(submitted.channel, submitted.source_id)
    event = Event(id=ticket, source="/tindak", time=at, data=anonymous)
    arrival = Arrival(topics.submitted_topic(submitted.channel), 0, 0, at.astimezone(UTC), at.astimezone(UTC))
    said = decide(None, event, arrival, rules, secrets=SECRETS).facts[0].data
    if not isinstance(said, ComplaintAccepted | ComplaintRejected):
        raise TypeError(f"intake answered with {said.TYPE}")
    return said


def recognise(rules: Rules, submitted: ComplaintSubmitted) -> Recognised | None:
    """Return by which rule and words a report is sensitive; None for any other."""
    return rules.sensitive.read(fold(submitted.title or ""), fold(submitted.body))[0]


def _nobody(ticket: str, submitted: ComplaintSubmitted) -> NoReturn:
    raise ValueError(f"ticket {ticket} of {submitted.channel} has a reporter")


# No ticket stands under the id of a dry run, so that everybody may compute it.
SECRETS = Secrets(TicketIds.from_text(LOCAL_KEY), (), _nobody)
