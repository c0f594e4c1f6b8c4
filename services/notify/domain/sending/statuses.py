"""What a channel's own server is told: each status of its tickets as it stands on the channel's topic, in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.notify.domain.deliveries import CHANNEL, Delivery, Due, Sending, Suppressed, attempts_of
from services.notify.domain.settlement import settle
from shared.events import TicketStatusChanged
from shared.values import replace

STATUS, WEBHOOK, SUPERSEDED = "status", "webhook", "superseded"
LINE_MAX = 20
"""So many statuses of one ticket wait for a server at most: each says everything, so the last ones are enough."""


def status_delivery(event_id: str, channel: str, status: TicketStatusChanged, now: datetime) -> Delivery:
    """Return the delivery that tells *channel* of *status*; its id is that of the event, which the server sees, too.

    It is urgent: no window gathers it, and no day has too many.
    """
    told: dict[str, Any] = status.model_dump(mode="json", exclude_none=True)
    return Delivery(
        id=event_id,
        notice=STATUS,
        template=STATUS,
        role=f"{CHANNEL}{channel}",
        agency=None,
        channels=(WEBHOOK,),
        urgent=True,
        planned_at=now,
        situation=Due(now, 1),
        told=told,
        part=None if status.parent is None else status.ticket_id,
    )


def joined(line: Sequence[Delivery], newest: Delivery, now: datetime) -> list[Delivery]:
    """Return *line* and *newest* behind it; of a line that is too long the first that may go is not sent any more."""
    waiting = [each for each in line if _is_before(each, newest)]
    giving_way = next((each for each in waiting if isinstance(each.situation, Due)), None)
    if len(waiting) < LINE_MAX or giving_way is None:
        return [*line, newest]
    gone = settle(giving_way, Suppressed(now, attempts_of(giving_way.situation), SUPERSEDED))
    return [*(gone if each is giving_way else each for each in line), newest]


def turn_at(delivery: Delivery, line: Sequence[Delivery]) -> datetime | None:
    """Return when it may be the turn of *delivery*; None if it is now: all statuses before it have ended."""
    if not delivery.is_status:
        return None
    for other in line:
        if other.id == delivery.id:
            return None
        if _is_before(other, delivery):
            return other.attention_at
    return None


def next_called(line: Sequence[Delivery], ended: Delivery, now: datetime) -> tuple[Delivery, ...]:
    """Return *line* once *ended* has ended: whoever stands behind it has its turn now."""
    if not ended.is_status or not ended.is_settled:
        return tuple(line)
    following = next((each for each in line if _is_before(each, ended)), None)
    if following is None or isinstance(following.situation, Sending):
        return tuple(line)
    attempt = max(attempts_of(following.situation), 1)
    called = replace(following, situation=Due(now, attempt))
    return tuple(called if each is following else each for each in line)


def _is_before(other: Delivery, delivery: Delivery) -> bool:
    """Return whether *other* waits in the same line: for the same channel, about the same ticket or part."""
    return not other.is_settled and (other.role, other.part) == (delivery.role, delivery.part)
