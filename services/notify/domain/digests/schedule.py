"""The digests of one post of an agency: when the next one is due, and what became of those before."""

from collections.abc import Collection
from dataclasses import field
from datetime import datetime, timedelta
from typing import Literal

from services.notify.domain.deliveries import (
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Settled,
    Situation,
    Suppressed,
    attempts_of,
    is_settled,
)
from services.notify.domain.notices import Rules
from services.notify.domain.outcomes import Outcome
from services.notify.domain.sending.attempts import LOST_ATTEMPT, after_attempt
from services.notify.domain.sending.timing import DigestTimes
from services.notify.domain.settlement import GATHERED_FOR
from shared.ids import NAMESPACE, named
from shared.values import replace, value

DIGEST = "digest"
CHANNELS = ("email", "log")
NOTHING_TO_TELL = "nothing_to_tell"
OVER_MAX = 30
OVERLAP_FOR = timedelta(minutes=10)
"""So long before it is written a digest may miss what is gathered: who decides that may save it a moment later."""


@value
class Digests:
    """What is kept of the digests of one post.

    Args:
        chosen_at: Since when the post gets digests.
        told_until: What was gathered by then has been told.
        told_later: Ids of deliveries that were gathered after that and have been told, too.
        scheduled_at: When the last one was due; None before the first.
        is_last: Whether it is the last one, for the post gets its notices singly by now.
        current: The one that is not over.
        written_at: When its last attempt was written.
        over: What became of those before, the last ones.
    """

    agency: str
    role: str
    chosen_at: datetime
    told_until: datetime
    told_later: tuple[str, ...] = ()
    scheduled_at: datetime | None = None
    is_last: bool = False
    current: Delivery | None = None
    over: tuple[Settled, ...] = field(default_factory=tuple)
    kind: Literal["digests"] = "digests"

    @property
    def id(self) -> str:
        """Return the id of its document."""
        return digests_id(self.agency, self.role)


def digests_id(agency: str, role: str) -> str:
    """Return the id of the document about the digests of a post."""
    return f"{agency}:{role}"


def chosen(known: Digests | None, agency: str, role: str, now: datetime) -> Digests:
    """Return the digests of a post that has chosen them, by now or long ago; the first one comes at its next time."""
    if known is None:
        return Digests(agency, role, chosen_at=now, told_until=now - GATHERED_FOR)
    return replace(known, is_last=False, chosen_at=now) if known.is_last else known


def due_at(digests: Digests, times: DigestTimes | None) -> datetime | None:
    """Return when time must look at the digests again; None for those that are no longer chosen and are told.

    Args:
        digests: Of one post.
        times: When that post gets them by the policy; None if it does not any more.
    """
    if digests.current is not None:
        return digests.current.attention_at
    before = digests.scheduled_at or digests.chosen_at
    if times is None:
        return None if digests.is_last else before
    return times.after(max(before, digests.chosen_at))


def tick(digests: Digests, times: DigestTimes | None, rules: Rules, now: datetime) -> Digests:
    """Return the digests after time has passed: what is due is leased to the caller, what was lost is due again.

    Of several mornings that were missed the last one counts. Whoever has taken the choice back is told once more of
    what was gathered until then.
    """
    current = digests.current
    if current is None:
        due = due_at(digests, times)
        if due is None or due > now:
            return digests
        scheduled_at = times.last(now) if times else now
        current = _planned(digests, scheduled_at)
        digests = replace(digests, scheduled_at=scheduled_at, is_last=times is None)
    elif current.attention_at is None or current.attention_at > now:
        return digests
    attempt = attempts_of(current.situation) + (not isinstance(current.situation, Due))
    if attempt > rules.retries.attempts_max:
        return _ended(digests, current, Failed(now, attempt - 1, current.channels[0], LOST_ATTEMPT))
    return replace(digests, current=replace(current, situation=Sending(now + rules.lease_for, attempt)))


def conclude(
    digests: Digests,
    lease: Sending,
    outcome: Outcome,
    written_at: datetime,
    gathered: Collection[tuple[str, datetime]],
    rules: Rules,
    now: datetime,
) -> Digests:
    """Return the digests after the attempt under *lease*; as they are if another attempt has taken over.

    Args:
        digests: As they are by now.
        lease: As the attempt was claimed.
        outcome: How it ended.
        written_at: When the tickets were read that it told of.
        gathered: Ids of the deliveries that it told of, and when each was gathered.
        rules: How often it is tried.
        now: Aware, UTC.
    """
    current = digests.current
    if current is None or current.situation != lease:
        return digests
    situation = after_attempt(current, lease.attempt, outcome, rules, now)
    if not is_settled(situation):
        return replace(digests, current=replace(current, situation=situation))
    ended = _ended(digests, current, situation)
    has_told = isinstance(situation, Sent) or (isinstance(situation, Suppressed) and situation.why == NOTHING_TO_TELL)
    if not has_told:
        return ended
    until = written_at - OVERLAP_FOR
    return replace(ended, told_until=until, told_later=tuple(id_ for id_, at in gathered if at > until))


def digest_of(digests: Digests, gathered_at: datetime) -> Settled | None:
    """Return the digest that told of what was gathered then; None if none has yet."""
    return next((each for each in digests.over if each.outcome == "sent" and each.at >= gathered_at), None)


def _planned(digests: Digests, scheduled_at: datetime) -> Delivery:
    # The same for all replicas, and at every attempt: a repeat can be recognised by its Message-ID.
    occasion = f"{DIGEST}|{digests.id}|{scheduled_at.isoformat()}"
    return Delivery(
        id=named(str(NAMESPACE), occasion),
        notice=DIGEST,
        template=DIGEST,
        role=digests.role,
        agency=digests.agency,
        channels=CHANNELS,
        urgent=False,
        planned_at=scheduled_at,
        situation=Due(scheduled_at, 1),
    )


def _ended(digests: Digests, current: Delivery, situation: Situation) -> Digests:
    kept = Settled.of(replace(current, situation=situation))
    return replace(digests, current=None, over=(*digests.over, *([kept] if kept else []))[-OVER_MAX:])
