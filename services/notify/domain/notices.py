"""The notice rules: which event causes which notice for which recipients."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID, uuid5

from services.notify.domain.correspondence import Correspondence, part_of
from services.notify.domain.deliveries import Awaited, Delivery, Waiting
from services.notify.domain.timing import QuietHours, Retries
from shared.events import AuthoredFact, Event, EventData, SlaClock, UpdateRefused
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

Scalar = bool | int | str
Conditions = Mapping[str, tuple[Scalar, ...]]


@value
class Notice:
    """A rule: an event of type *on* causes a notice to each role of *to*.

    Args:
        when: By field of the event's data, values of which it must have one.
        unless: By field, values of which it must have none.
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
    due: SlaClock | None = None
    starts: bool = False

    def concerns(self, data: EventData) -> bool:
        """Return whether *data* brings this notice about."""
        return (
            self.on == data.TYPE
            and all(_value_of(data, field) in values for field, values in self.when.items())
            and not any(_value_of(data, field) in values for field, values in self.unless.items())
        )


@value
class Rules:
    """The policy of notify.

    Args:
        wait_for: How long a notice waits for the contact, the complaint or a due time that is not known yet.
        stale_for: Age from which an event is no longer told: whoever starts late does not mail the past.
        daily_max: Notices about one ticket to one recipient in 24 hours.
        lease_for: How long one attempt to send may take before it counts as lost.
    """

    notices: tuple[Notice, ...]
    retries: Retries
    quiet_hours: QuietHours | None
    wait_for: timedelta
    stale_for: timedelta
    daily_max: int
    lease_for: timedelta


def _value_of(data: EventData, field: str) -> object:
    """Return a field of *data* as it stands in JSON; None if it is absent."""
    value = getattr(data, field, None)
    return value.value if isinstance(value, Enum) else value


def plan(state: Correspondence, event: Event, rules: Rules, now: datetime) -> Iterator[Delivery]:
    """Yield a waiting delivery for each recipient of each notice that *event* brings about."""
    part, _ = part_of(event.data) or (None, 0)
    known = state.seen_from(part).agency
    # Refusals of release 0.1.0 do not say who has the ticket.
    agency = known if isinstance(event.data, UpdateRefused) else getattr(event.data, "agency", known)
    for notice in rules.notices:
        for to in notice.to if notice.concerns(event.data) else ():
            role = getattr(event.data, OFFICER, None) if to == OFFICER else to
            if role is not None and (role not in OF_AGENCY or agency is not None):
                yield Delivery(
                    id=str(uuid5(UUID(event.id), f"{notice.code}|{role}")),
                    notice=notice.code,
                    template=notice.template,
                    role=role,
                    agency=agency,
                    channels=notice.channels,
                    urgent=notice.urgent,
                    planned_at=now,
                    situation=Waiting(now + rules.wait_for),
                    awaited=awaited(notice, event),
                    part=part,
                    told=event.data.model_dump(mode="json", include=_told_of(event.data), exclude_none=True),
                )


def _told_of(data: EventData) -> set[str]:
    # The `by` of most facts names their author by code, which is nobody's to read in a letter.
    return set(TOLD - {"by"}) if isinstance(data, AuthoredFact) else set(TOLD)


def awaited(notice: Notice, event: Event) -> Awaited | None:
    """Return the due time that *notice* waits for."""
    return Awaited(notice.due, event.time if notice.starts else None) if notice.due else None
