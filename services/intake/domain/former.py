"""Reports that release 0.1.0 took: their tickets keep ids that follow from channel and source id alone."""

from uuid import uuid5

from services.intake.domain.report import accepted
from services.intake.domain.rules import Rules
from services.intake.domain.state import Taken
from shared import events, topics
from shared.events import Arrival, Fact, Untracked
from shared.ids import NAMESPACE


def former_id(channel: str, source_id: str) -> str:
    """Return the id under which release 0.1.0 knew this report of this channel."""
    return str(uuid5(NAMESPACE, f"{channel}|{source_id}"))


def repeated(state: Taken, submitted: events.ComplaintSubmitted, arrival: Arrival, rules: Rules) -> Untracked:
    """Return the answer to a report that release 0.1.0 took: its ticket, to its channel alone.

    All others have heard of that ticket; and what that release stored as its answer went to no channel's topic.
    """
    report = accepted(former_id(submitted.channel, submitted.source_id), submitted, arrival, rules)
    known = {
        "tracking_id": state.tracking_id, "submitted_at": state.submitted_at, "accepted_at": state.accepted_at,
    }  # fmt: skip
    answer = report.model_copy(update=known)
    return Untracked((Fact(answer, topics.answers_topic(answer.channel), answer.source_id, at=arrival.arrived_at),))
