"""Admits messages to an address of a reporter: limits over all tickets, one word for each cluster, and strangers."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from services.notify.domain.notices import SAME_CLUSTER
from shared.values import replace, value

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADDRESS_LIMIT, ADDRESS_UNVERIFIED = "address_limit", "address_unverified"
STOPPED_ALL = "stopped_all"
UNDOTTED = frozenset({"gmail.com", "googlemail.com"})  # dots make no difference in front of these
NEWS_MAX = 100


@value
class AddressLimits:
    """How many messages one address gets over all tickets, and how long it is remembered after the last.

    Args:
        hourly_max: In any hour.
        daily_max: In any 24 hours.
        news_for: How long it is remembered what an address was told of a cluster.
    """

    hourly_max: int = 12
    daily_max: int = 30
    remembered_for: timedelta = timedelta(days=180)
    news_for: timedelta = timedelta(days=7)


@value
class News:
    """What was told of a cluster, without its words: of which ticket, as a hash, and when."""

    ticket: str
    at: datetime


@value
class AddressRecord:
    """What is remembered of an address; it does not hold the address.

    Args:
        is_verified: Whether somebody who can be reached there is known to have reported.
        introduced_by: The delivery that was the one message to an address that is not verified.
        admitted: When each delivery of the last 24 hours was admitted.
        reserved: From when on there is room for each delivery that waits for some.
        news: What was told of clusters, by `cluster_news`; the last `NEWS_MAX`.
        is_stopped: Whether who reads there wants no messages but urgent ones.
        wished_at: When that was wished, or taken back; None for never.
    """

    is_verified: bool = False
    introduced_by: str | None = None
    admitted: Mapping[str, datetime] = field(default_factory=dict)
    reserved: Mapping[str, datetime] = field(default_factory=dict)
    news: Mapping[str, News] = field(default_factory=dict)
    is_stopped: bool = False
    wished_at: datetime | None = None


@value
class AdmissionRequest:
    """A delivery that is to go to an address.

    Args:
        delivery_id: The same at each attempt.
        is_verified: Whether the ticket's reporter is known to be reached there.
        give_up_at: What has no room by then is not sent.
        ticket: A hash of the ticket's id.
        news: What it tells of a cluster, see `cluster_news`; None if it is told of each ticket.
        is_urgent: Whether it goes out though messages are stopped.
        stops: Whether it confirms that messages to the address stop, or that they go on; None for neither.
        wished_at: When notify heard of that.
    """

    delivery_id: str
    is_verified: bool
    give_up_at: datetime
    ticket: str = ""
    news: str | None = None
    is_urgent: bool = False
    stops: bool | None = None
    wished_at: datetime | None = None


@value
class Admitted:
    """The message may go out.

    Args:
        as_introduction: It must be the one that says how to stop it.
        is_stopped: It goes out though messages to the address are stopped.
    """

    as_introduction: bool = False
    is_stopped: bool = False


@value
class Barred:
    """The message may not go out; *until* when, or None for ever."""

    why: str
    until: datetime | None = None


Admission = Admitted | Barred


def admit(
    record: AddressRecord, request: AdmissionRequest, limits: AddressLimits, now: datetime
) -> tuple[AddressRecord, Admission]:
    """Return what is remembered from now on, and whether a delivery may go to the address.

    A delivery that was admitted in the last 24 hours is admitted again and not counted twice, whoever died meanwhile.
    One for which there is no room gets a time of its own, so that it comes once more, and after those before it.

    Args:
        record: What is remembered of the address.
        request: What is asked for.
        limits: Of the policy.
        now: Aware, UTC.
    """
    id_ = request.delivery_id
    known = replace(
        record,
        is_verified=record.is_verified or request.is_verified,
        admitted={other: at for other, at in record.admitted.items() if at > now - DAY},
        reserved={other: at for other, at in record.reserved.items() if at > now - DAY and other != id_},
        news={news: told for news, told in record.news.items() if told.at > now - limits.news_for},
    )
    known = _with_wish(known, request)
    if known.is_stopped and not request.is_urgent:
        return known, Barred(STOPPED_ALL)
    if not known.is_verified and known.introduced_by not in (None, id_):
        return known, Barred(ADDRESS_UNVERIFIED)
    told = known.news.get(request.news) if request.news else None
    if told is not None and told.ticket != request.ticket:
        return known, Barred(SAME_CLUSTER)
    if id_ not in known.admitted:
        at = _room_at(record, known, id_, limits, now)
        if at > request.give_up_at:
            return known, Barred(ADDRESS_LIMIT)
        if at > now:
            return replace(known, reserved={**known.reserved, id_: at}), Barred(ADDRESS_LIMIT, at)
        known = replace(known, admitted={**known.admitted, id_: now})
    if not known.is_verified:
        return replace(known, introduced_by=id_), Admitted(as_introduction=True)
    may_go = Admitted(is_stopped=known.is_stopped and request.stops is None)
    return (_with_news(known, request, now) if request.news else known), may_go


def _with_wish(known: AddressRecord, request: AdmissionRequest) -> AddressRecord:
    """Return the record with what *request* confirms; a repeat of it undoes nothing that was wished since."""
    at = request.wished_at
    if request.stops is None or at is None or (known.wished_at is not None and known.wished_at >= at):
        return known
    return replace(known, is_stopped=request.stops, wished_at=at)


def _room_at(
    record: AddressRecord, known: AddressRecord, delivery_id: str, limits: AddressLimits, now: datetime
) -> datetime:
    """Return when a delivery may go: now if there is room and nobody waits before it, else behind all who wait."""
    gone = known.admitted.values()
    reserved = record.reserved.get(delivery_id)
    if reserved is not None and reserved <= now and (at := _behind(gone, limits, now)) <= now:
        return at
    return _behind([*gone, *(at for at in known.reserved.values() if at > now)], limits, now)


def _behind(times: Collection[datetime], limits: AddressLimits, now: datetime) -> datetime:
    """Return the first instant from *now* on at which one message more than at *times* keeps within the limits."""
    ordered = sorted(times)
    last = [ordered[-limit] + span for limit, span in _spans(limits) if len(ordered) >= limit]
    return max([now, *last])


def _spans(limits: AddressLimits) -> tuple[tuple[int, timedelta], ...]:
    return (limits.hourly_max, HOUR), (limits.daily_max, DAY)


def _with_news(known: AddressRecord, request: AdmissionRequest, now: datetime) -> AddressRecord:
    others = {news: told for news, told in known.news.items() if news != request.news}
    kept = dict(list(others.items())[-(NEWS_MAX - 1) :])
    return replace(known, news={**kept, request.news or "": News(request.ticket, now)})


def merged(records: Mapping[str, AddressRecord]) -> AddressRecord:
    """Return what is remembered of an address under several keys, the current one first."""
    admitted: dict[str, datetime] = {}
    reserved: dict[str, datetime] = {}
    news: dict[str, News] = {}
    for record in records.values():
        admitted |= record.admitted
        reserved |= record.reserved
        news |= record.news
    introduced = [record.introduced_by for record in records.values() if record.introduced_by]
    is_verified = any(record.is_verified for record in records.values())
    wishes = {record.wished_at: record.is_stopped for record in records.values() if record.wished_at}
    newest = max(wishes, default=None)
    is_stopped = newest is not None and wishes[newest]
    first = introduced[0] if introduced else None
    return AddressRecord(is_verified, first, admitted, reserved, news, is_stopped, newest)


def mailbox_of(address: str) -> str:
    """Return what all spellings have in common that reach the same mailbox: ``Siti+lapor@...`` as ``siti@...``."""
    local, at, domain = address.strip().lower().rpartition("@")
    plain = local.partition("+")[0] or local
    return f"{plain.replace('.', '') if domain in UNDOTTED else plain}{at}{domain}"
