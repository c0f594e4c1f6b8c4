"""Decides what an officer asks about notices: to send what went wrong once more, or to hold back what is not sent."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import document_of, proceed
from services.notify.domain.deliveries import (
    BY_OFFICER,
    Awaited,
    Delivery,
    Sending,
    Settled,
    Suppressed,
    Waiting,
    attempts_of,
)
from services.notify.domain.notices import Notice, Rules, told_of
from services.notify.domain.projection import part_of, project
from services.notify.domain.sending.attempts import NO_HOUSE, House
from services.notify.domain.settlement import put_away, settle
from shared import events
from shared.events import Applied, Arrival, Event, Ignored
from shared.events.catalogue import DATA_BY_TYPE
from shared.ids import named
from shared.values import replace

WORDS_GONE = "words_gone"
KNOWN_STILL = frozenset(
    {"advice_en", "advice_id", "agency_name", "classification", "priority", "question", "reason_en", "reason_id"}
)
"""What a notice of an event may do without, or finds in the projection, once it has been sent."""


def repair(
    state: Correspondence | None,
    event: Event,
    request: events.NoticeRequest,
    arrival: Arrival,
    policy: Rules,
    *,
    house: House = NO_HOUSE,
) -> Applied[Correspondence] | Ignored[Correspondence]:
    """Return the deliveries once *request* holds; ignored if it concerns none.

    A delivery that is sent once more has an id that follows from event and old delivery, so that the same request,
    heard twice, sends once. It is subject to all that a new one is, but for the limit of a day and recipient.
    """
    now = arrival.now
    known = project(state or Correspondence(document_of(event)), request)
    before = put_away(known, now)
    match request:
        case events.ResendRequested():
            again = list(_sent_again(before, request, event.id, policy, now))
            repeated = {each.repeats for each in again}
            left = tuple(each for each in before.unsent if each.id not in repeated)
            before, deliveries = replace(before, unsent=left), [*before.deliveries, *again]
        case _:
            deliveries = [_held_back(each, request, now) for each in before.deliveries]
    if deliveries == list(before.deliveries):
        return Ignored("there is no such delivery to repair", None if known == state else known)
    return proceed(before, deliveries, policy, now, house)


def _held_back(delivery: Delivery, request: events.NoticeRequest, now: datetime) -> Delivery:
    """Return *delivery* suppressed if the request means it; what is being sent at this moment cannot be held back."""
    if not _is_meant(delivery, request) or not _is_part_meant(delivery, request):
        return delivery
    if delivery.is_settled or isinstance(delivery.situation, Sending):
        return delivery
    asked = replace(delivery, requested_by=request.by and request.by.code)
    return settle(asked, Suppressed(now, attempts_of(delivery.situation), BY_OFFICER))


def _sent_again(
    state: Correspondence, request: events.ResendRequested, event_id: str, policy: Rules, now: datetime
) -> Iterator[Delivery]:
    """Yield a new delivery for each that is to be sent once more."""
    waiting = Waiting(now + policy.wait_for)
    by = request.by and request.by.code
    notices = {notice.code: notice for notice in policy.notices}
    for old in state.unsent:
        if _is_meant(old, request) and _is_part_meant(old, request):
            id_ = _id_of(event_id, old)
            # By all its ways: what did not arrive of the old one says nothing of a receipt of this one.
            again = replace(
                old, id=id_, planned_at=now, situation=waiting, failed_ways=(), repeats=old.id, requested_by=by
            )
            notice = notices.get(old.notice)
            # Of who was erased, and by a release before this one, no words were kept.
            is_whole = bool(old.told) or notice is None or _tells_all(notice)
            yield _as_said_now(again, notice) if is_whole else settle(again, Suppressed(now, 0, WORDS_GONE))
    for settled in _sent_before(state, request) if request.again else ():
        notice = notices.get(settled.notice)
        if notice is not None:
            fresh = _anew(settled, notice, _id_of(event_id, settled), waiting, now)
            fresh = replace(fresh, part=(part_of(request) or (None, 0))[0], requested_by=by)
            yield fresh if _tells_all(notice) else settle(fresh, Suppressed(now, 0, WORDS_GONE))


def _as_said_now(delivery: Delivery, notice: Notice | None) -> Delivery:
    """Return *delivery* by what the policy says of its notice today, which may be why it can be sent now."""
    if notice is None:
        return delivery
    return replace(delivery, template=notice.template, channels=notice.channels, urgent=notice.urgent)


def _sent_before(state: Correspondence, request: events.ResendRequested) -> Sequence[Settled]:
    """Return what has been sent or given up and is kept no more as it was: of each notice and recipient the last."""
    if request.delivery_id is None and (request.notice is None or request.part is not None):
        return ()
    kept = {each.id for each in state.unsent}
    over = [each for each in state.over if _is_meant(each, request) and each.id not in kept]
    last = {(each.notice, each.role, each.agency): each for each in over if each.outcome != "suppressed"}
    return tuple(last.values())


def _anew(old: Settled, notice: Notice, id_: str, waiting: Waiting, now: datetime) -> Delivery:
    """Return a delivery of *notice* to the recipient of an old one, which tells what the projection knows."""
    return Delivery(
        id=id_,
        notice=old.notice,
        template=notice.template,
        role=old.role,
        agency=old.agency,
        channels=notice.channels,
        urgent=notice.urgent,
        planned_at=now,
        situation=waiting,
        awaited=Awaited(notice.due) if notice.due else None,
        repeats=old.id,
    )


def _tells_all(notice: Notice) -> bool:
    """Return whether a notice lacks nothing without the words of its event: these are not kept of what was sent."""
    kind = DATA_BY_TYPE.get(notice.on)
    return kind is not None and KNOWN_STILL.issuperset(told_of(kind))


def _id_of(event_id: str, old: Delivery | Settled) -> str:
    return named(event_id, f"resend|{old.id}")


def _is_meant(delivery: Delivery | Settled, request: events.NoticeRequest) -> bool:
    """Return whether the request names this delivery, this notice, or none at all."""
    return request.notice in (None, delivery.notice) and request.delivery_id in (None, delivery.id)


def _is_part_meant(delivery: Delivery, request: events.NoticeRequest) -> bool:
    """Return whether the delivery tells of the part that the request is about; one about the whole means all."""
    part, _ = part_of(request) or (None, 0)
    return part is None or delivery.part == part
