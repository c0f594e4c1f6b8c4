"""The notice rules: which event causes which notice for which recipients."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Any

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import IN_DIGEST, REPORTER, Awaited, Delivery, Waiting, Wish
from services.notify.domain.projection import WISHES, part_of
from services.notify.domain.sending.timing import DigestTimes, QuietHours, Retries
from shared.events import (
    AuthoredFact,
    ClusterLeft,
    Event,
    EventData,
    MessageScope,
    MessagesStopped,
    SlaClock,
    TicketUnmerged,
    UpdateRefused,
)
from shared.ids import named
from shared.senders import Role
from shared.topics import LINK_CHANNEL
from shared.values import value

LIAISON = "liaison"
AGENCY_HEAD = "agency_head"
OFFICER = "officer"  # whom the event names: the one who looks after a sensitive report
OF_AGENCY = frozenset({LIAISON, AGENCY_HEAD})
TOLD = frozenset(
    {
        "advice_en", "advice_id",
        "agency_name", "answer", "by", "classification", "clock", "due_at", "level", "note", "overdue_seconds",
        "parts", "percent", "priority", "question", "rating", "reason", "reason_en", "reason_id", "remaining_seconds",
        "text", "why",
    }
)  # fmt: skip

SAME_CLUSTER = "same_cluster"
UNLINKED = (ClusterLeft, TicketUnmerged)
Scalar = bool | int | str
PLAIN = frozenset({bool, int, float, str})
"""What stands in JSON as it is."""
Conditions = Mapping[str, tuple[Scalar, ...]]


class Matters(IntEnum):
    """How much a notice matters: a note tells how far it is, news where it is, and at some others somebody must act."""

    NOTE = 1
    NEWS = 2
    ACT = 3


@value
class Notice:
    """A rule: an event of type *on* causes a notice to each role of *to*.

    Args:
        when: By field of the event's data, values of which it must have one.
        unless: By field, values of which it must have none.
        matters: How much; one that matters more is never superseded.
        supersedes: Codes of the notices that need not be sent any more once this one is on its way.
        once_per_cluster: A word for what it tells; of tickets that tell of one matter it is told once, see
            `cluster_news` for a reporter and `is_told_by_leader` for anybody else. None if of each ticket.
        due: Clock whose due time is told, as soon as it is known.
        starts: Whether the event itself starts that clock, so that the due time of an earlier run is not meant.
    """

    code: str
    on: str
    to: tuple[str, ...]
    template: str
    channels: tuple[str, ...]
    when: Conditions
    unless: Conditions
    urgent: bool = False
    matters: Matters = Matters.NEWS
    supersedes: tuple[str, ...] = ()
    once_per_cluster: str | None = None
    due: SlaClock | None = None
    starts: bool = False

    def concerns(self, data: EventData) -> bool:
        """Return whether *data* brings this notice about."""
        if self.on != data.TYPE:
            return False
        for name, values in self.when.items():
            if _value_of(data, name) not in values:
                return False
        return not [name for name, values in self.unless.items() if _value_of(data, name) in values]


@value
class Rules:
    """The policy of notify.

    Args:
        wait_for: How long a notice waits for the contact, the complaint or a due time that is not known yet.
        stale_for: Age from which an event is no longer told: whoever starts late does not mail the past.
        daily_max: Notices about one ticket to one recipient in 24 hours.
        lease_for: How long one attempt to send may take before it counts as lost.
        window_for: What changes at one ticket within this time after a message becomes one further message.
        webhook_within: How long an agency's server may fail to take a notice before it goes by mail.
        called: Codes of the channels whose servers are told where their tickets stand.
        digests: When those officials read of everything together who have chosen that, by agency and role.
        by_type: The notices by the type of event that brings them about.
        by_code: The notices by their codes.
    """

    notices: tuple[Notice, ...]
    retries: Retries
    quiet_hours: QuietHours | None
    wait_for: timedelta
    stale_for: timedelta
    daily_max: int
    lease_for: timedelta
    window_for: timedelta = timedelta()
    webhook_within: timedelta = timedelta(hours=2)
    called: frozenset[str] = frozenset()
    digests: Mapping[tuple[str, str], DigestTimes] = field(default_factory=dict, hash=False)
    by_type: Mapping[str, tuple[Notice, ...]] = field(init=False, repr=False, compare=False)
    by_code: Mapping[str, Notice] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        types = {notice.on for notice in self.notices}
        by_type = {each: tuple(notice for notice in self.notices if notice.on == each) for each in types}
        object.__setattr__(self, "by_type", by_type)
        object.__setattr__(self, "by_code", {notice.code: notice for notice in self.notices})

    def matters(self, code: str) -> Matters:
        """Return how much the notice of that code matters; one that the policy has no more is news."""
        notice = self.by_code.get(code)
        return notice.matters if notice else Matters.NEWS


def _value_of(data: EventData, name: str) -> object:
    """Return a field of *data* as it stands in JSON; None if it is absent."""
    found = vars(data).get(name)  # asking a model for what it has not takes longer than all the rest
    return found.value if isinstance(found, Enum) else found


def plan(state: Correspondence, event: Event, rules: Rules, now: datetime) -> list[Delivery]:
    """Return a waiting delivery for each recipient of each notice that *event* brings about."""
    data = event.data
    notices = [notice for notice in rules.by_type.get(data.TYPE, ()) if notice.concerns(data)]
    if not notices:
        return []
    part, _ = part_of(data) or (None, 0)
    known = state.seen_from(part).agency
    # Refusals of release 0.1.0 do not say who has the ticket.
    agency = known if isinstance(data, UpdateRefused) else vars(data).get("agency", known)
    told = told_by(data)
    waiting = Waiting(now + rules.wait_for)
    return [
        Delivery(
            id=named(event.id, f"{notice.code}|{role}"),
            notice=notice.code,
            template=notice.template,
            role=role,
            agency=agency,
            channels=notice.channels,
            urgent=notice.urgent,
            planned_at=now,
            situation=waiting,
            awaited=awaited(notice, event),
            part=part,
            told=told,
            wish=wish_of(data) if role == REPORTER else None,
        )
        for notice in notices
        for role in _roles(notice, data)
        if role not in OF_AGENCY or _is_news_to(agency, data, state)
    ]


def told_by(data: EventData) -> dict[str, Any]:
    """Return what the notices of *data* may tell, as it stands in JSON; nothing of what is None."""
    names = told_of(type(data))
    said = {name: found for name in names if (found := _value_of(data, name)) is not None}
    # Nearly always nothing else is said, and the model, whose other fields are many, need not write itself.
    if PLAIN.issuperset(map(type, said.values())):
        return said
    written: dict[str, Any] = data.model_dump(mode="json", include=set(names), exclude_none=True)
    return written


def wish_of(data: EventData) -> Wish | None:
    """Return what a reporter wants of all tickets by *data*; None for nothing."""
    if not isinstance(data, WISHES) or data.scope is not MessageScope.ADDRESS:
        return None
    is_link = data.by is not None and (data.by.role, data.by.code) == (Role.CHANNEL, LINK_CHANNEL)
    return Wish(isinstance(data, MessagesStopped), by_link=is_link)


def _is_news_to(agency: str | None, data: EventData, state: Correspondence) -> bool:
    """Return whether *agency* is told; that a ticket is followed by itself again only if it was not told of it."""
    if agency is None:
        return False
    if not isinstance(data, UNLINKED):
        return True
    return any(each.why in (SAME_CLUSTER, IN_DIGEST) and each.agency == agency for each in state.over)


def cluster_news(state: Correspondence, delivery: Delivery, rules: Rules) -> str | None:
    """Return what a reporter hears by *delivery*: the same for all tickets of a cluster that tell it; None if of each.

    The leader of a cluster, whom nobody has told that it leads, counts as one that follows itself.
    """
    notice = rules.by_code.get(delivery.notice)
    if delivery.role != REPORTER or notice is None or notice.once_per_cluster is None:
        return None
    told = (str(delivery.told.get(name, "")) for name in ("clock", "note", "answer"))
    matter = state.seen_from(delivery.part).follows or delivery.part or state.ticket_id
    return named(matter, "|".join((notice.once_per_cluster, delivery.agency or "", *told)))


def leader_of(state: Correspondence, delivery: Delivery, rules: Rules) -> str | None:
    """Return the ticket whose notices may stand for *delivery*, which goes to an official; None if none may.

    A reporter who has acted since the report stands alone: what is due then, is due to that reporter.
    """
    notice = rules.by_code.get(delivery.notice)
    if delivery.role == REPORTER or notice is None or notice.once_per_cluster is None or state.has_acted:
        return None
    return state.seen_from(delivery.part).follows


def is_told_by_leader(leader: Correspondence, delivery: Delivery) -> bool:
    """Return whether the same official is told of the *leader* what *delivery* would tell of a ticket that follows it.

    That is so as long as both are with the same agency, or both with none: a link moves no ticket by itself.
    """
    return leader.ended_at is None and leader.complaint is not None and leader.agency == delivery.agency


def _roles(notice: Notice, data: EventData) -> list[str]:
    """Return the roles that a notice goes to; `officer` stands for whom the event names, if it names one."""
    roles = [vars(data).get(OFFICER) if to == OFFICER else to for to in notice.to]
    return [role for role in roles if role is not None]


@lru_cache(maxsize=256)  # as many types of events as there are
def told_of(kind: type[EventData]) -> tuple[str, ...]:
    """Return the fields of an event of that type that its notices may tell, in their order."""
    # The `by` of most facts names their author by code, which is nobody's to read in a letter.
    hidden = {"by"} if issubclass(kind, AuthoredFact) else set()
    return tuple(name for name in kind.model_fields if name in TOLD and name not in hidden)


def awaited(notice: Notice, event: Event) -> Awaited | None:
    """Return the due time that *notice* waits for."""
    return Awaited(notice.due, event.time if notice.starts else None) if notice.due else None
