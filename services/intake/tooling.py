"""What the command line may use of intake: its policy and a dry run."""

from datetime import UTC, datetime
from typing import NoReturn

from services.intake.domain.decide import decide
from services.intake.domain.rules import Rules
from services.intake.policy import load_intake
from shared import topics
from shared.events import Arrival, ComplaintAccepted, ComplaintRejected, ComplaintSubmitted, Event
from shared.ids import ticket_id

__all__ = ["Rules", "dry_run", "load_intake"]


def dry_run(rules: Rules, submitted: ComplaintSubmitted, at: datetime) -> ComplaintAccepted | ComplaintRejected:
    """Return intake's answer to a new report that arrives at *at*, without its contact."""
    anonymous = submitted.model_copy(update={"reporter": None})
    event = Event(id=ticket_id(submitted.channel, submitted.source_id), source="/tindak", time=at, data=anonymous)
    arrival = Arrival(topics.submitted_topic(submitted.channel), 0, 0, at.astimezone(UTC), at.astimezone(UTC))
    said = decide(None, event, arrival, rules, seal=_nobody).facts[0].data
    if not isinstance(said, ComplaintAccepted | ComplaintRejected):
        raise TypeError(f"intake answered with {said.TYPE}")
    return said


def _nobody(ticket: str, submitted: ComplaintSubmitted) -> NoReturn:
    raise ValueError(f"ticket {ticket} of {submitted.channel} has a reporter")
