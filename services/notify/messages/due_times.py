"""Which due time a notice tells, and in which days it is counted."""

from datetime import datetime

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import awaited_clock
from services.notify.domain.deliveries import Delivery
from services.notify.messages.formatting import due
from services.notify.policy import NoticePolicy
from shared.events import SlaClock

OF_AGENCY = frozenset({SlaClock.RESPOND, SlaClock.RESOLVE})
"""The clocks of what an agency must do, which its own calendar times; all others the city's default one does."""

OF_REPORTER = frozenset({SlaClock.COMPLETE, SlaClock.FEEDBACK})


def due_time(state: Correspondence, delivery: Delivery) -> datetime | None:
    """Return the due time to show: of the awaited clock, of the event, or of the clock that the event names."""
    if delivery.awaited:
        run = awaited_clock(delivery, state)
    elif "due_at" in delivery.told:
        return datetime.fromisoformat(delivery.told["due_at"])
    else:
        clock = _clock_of(delivery)
        run = state.clocks.get(clock) if clock else None
    return run.due_at if run else None


def due_text(
    policy: NoticePolicy,
    at: datetime,
    state: Correspondence,
    delivery: Delivery,
    language: str,
    now: datetime,
    *,
    brief: bool,
) -> str:
    """Return a due time in words: in working days where its clock counts them, in those of the calendar else."""
    clock = _clock_of(delivery)
    run = state.clocks.get(clock) if clock else None
    work = None
    # When a reporter's time is over nobody is late.
    if run and run.in_working_time and (clock not in OF_REPORTER or at >= now):
        work = policy.working_time(delivery.agency if clock in OF_AGENCY else None)
    return due(at, language, policy.zone, now, work, brief=brief)


def _clock_of(delivery: Delivery) -> SlaClock | None:
    """Return the clock whose due time *delivery* tells, if it is that of a clock."""
    if delivery.awaited:
        return delivery.awaited.clock
    clock = delivery.told.get("clock")
    return SlaClock(clock) if clock else None
