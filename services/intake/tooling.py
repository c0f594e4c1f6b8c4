"""What the command line may use of intake: its policy, and its answer to a report that nobody has submitted."""

from datetime import datetime
from typing import NoReturn

from services.intake.domain.decide import decide
from services.intake.domain.rules import Rules
from services.intake.policy import load_intake
from shared import topics
from shared.events import Arrival, ComplaintAccepted, ComplaintRejected, ComplaintSubmitted, Event
from shared.ids import ticket_id

__all__ = ["Rules", "dry_run", "load_intake"]


def dry_run(submitted: ComplaintSubmitted, at: datetime, policy: Rules) -> ComplaintAccepted | ComplaintRejected:
    """Return what intake says to a report that arrives at *at* (aware, UTC), without its contact."""
    anonymous = submitted.model_copy(update={"reporter": None})
    ticket = ticket_id(submitted.channel, submitted.source_id)
    event = Event(id=ticket, source="/tindak", time=at, data=anonymous)
    arrival = Arrival(topics.SUBMITTED, 0, 0, at, at)
    answer = decide(None, event, arrival, policy, seal=_seal_nobody).facts[0].data
    if not isinstance(answer, ComplaintAccepted | ComplaintRejected):
        raise TypeError(f"intake answered with {answer.TYPE}")
    return answer


def _seal_nobody(ticket: str, submitted: ComplaintSubmitted) -> NoReturn:
    raise ValueError(f"ticket {ticket} of {submitted.channel} has a reporter")
