"""When a delivery may go out, which newer one makes it needless, and why its recipient is told nothing more."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.deliveries import (
    REPORTER,
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Settled,
    Suppressed,
    Waiting,
    attempts_of,
)
from services.notify.domain.notices import OF_AGENCY, Rules
from services.notify.domain.settlement import DAY, settle
from shared.values import replace

STOPPED, SUPERSEDED, TOO_MANY = "stopped", "superseded", "too_many"


def is_read_with(other: Delivery | Settled, delivery: Delivery) -> bool:
    """Return whether the same recipient reads both; the reporter reads of all agencies, a liaison of their own."""
    return other.role == delivery.role and (other.agency == delivery.agency or other.role not in OF_AGENCY)


def is_urgent(delivery: Delivery, state: Correspondence) -> bool:
    """Return whether *delivery* is neither held back nor put off: policy says so, or it is about an emergency."""
    return delivery.urgent or state.is_emergency


def is_gathered(delivery: Delivery, state: Correspondence, rules: Rules) -> bool:
    """Return whether *delivery* is not sent, for its recipient reads of it in a digest.

    What an officer has sent again goes out by itself, and so does what is urgent.
    """
    if (delivery.agency, delivery.role) not in rules.digests or delivery.repeats is not None:
        return False
    return not is_urgent(delivery, state) and not state.seen_from(delivery.part).is_emergency


def barred_because(delivery: Delivery, state: Correspondence) -> str | None:
    """Return why the reporter gets *delivery* no more; None for anybody else, and if there is no reason."""
    if delivery.role != REPORTER:
        return None
    if isinstance(state.contact, Erased):
        return "contact_erased"
    return STOPPED if state.is_stopped and not is_urgent(delivery, state) else None


def quiet_until(delivery: Delivery, state: Correspondence, rules: Rules, now: datetime) -> datetime | None:
    """Return when the quiet hours around *now* are over; None if *delivery* need not wait for their end."""
    waits = rules.quiet_hours is not None and delivery.role == REPORTER and not is_urgent(delivery, state)
    return rules.quiet_hours.over_at(now) if waits and rules.quiet_hours else None


def room_at(
    delivery: Delivery, state: Correspondence, others: Sequence[Delivery], rules: Rules, now: datetime, *, gathers: bool
) -> datetime | None:
    """Return from when on the recipient may be told of the ticket again; None if that is so now.

    Args:
        delivery: To be sent now; one that policy calls urgent, or that an officer has sent again, has room always.
        state: What was settled before.
        others: The deliveries that are open or have ended just now, *delivery* among them or not.
        rules: The window within which changes are gathered, and how many messages there may be in 24 hours.
        now: Aware, UTC.
        gathers: Whether the window counts; what stays within the house wakes nobody and need not wait for it.
    """
    if delivery.urgent or delivery.repeats is not None:
        return None
    gone = list(_gone(delivery, state, others, now))
    if not gone:
        return None
    ends = [now]
    here = [at for part, at in gone if part == delivery.part]
    if gathers and here and not state.is_emergency:
        ends.append(max(here) + rules.window_for)
    lately = sorted(at for _, at in gone if at > now - DAY)
    if len(lately) >= rules.daily_max:
        ends.append(lately[-rules.daily_max] + DAY)
    return max(ends) if max(ends) > now else None


def _gone(
    delivery: Delivery, state: Correspondence, others: Sequence[Delivery], now: datetime
) -> Iterator[tuple[str | None, datetime]]:
    """Yield what the recipient of *delivery* was told or may be being told: of which part, and when."""
    for settled in state.settled:
        if settled.outcome != "suppressed" and is_read_with(settled, delivery):
            yield settled.part, settled.at
    for other in others:
        if other.id == delivery.id or not is_read_with(other, delivery):
            continue
        match other.situation:
            case Sending():
                yield other.part, now
            case Sent(at=at) | Failed(at=at):
                yield other.part, at
            case Waiting() | Due() | Suppressed():
                continue
            case _:
                assert_never(other.situation)


def queues_too_long(delivery: Delivery, others: Sequence[Delivery], rules: Rules) -> bool:
    """Return whether so many wait for the same recipient that *delivery* would be too old before its turn."""
    most = rules.daily_max * max(1, rules.stale_for // DAY)
    if delivery.urgent or len(others) < most:
        return False
    waiting = sum(not other.is_settled and not other.urgent and is_read_with(other, delivery) for other in others)
    return waiting >= most


def supersede(newer: Delivery, others: Sequence[Delivery], rules: Rules, now: datetime) -> list[Delivery]:
    """Return *others* and *newer*, of which those have ended that *newer* makes needless before they were sent.

    Only what the same recipient would read of the same part is; an urgent one never is, nor one that is being sent. It
    waits for what it shows no longer than they would have: or whoever tells something every second is never heard.
    Without a window nothing is gathered, and so nothing ends.
    """
    notice = rules.by_code.get(newer.notice)
    codes = notice.supersedes if notice and rules.window_for else ()
    kept: list[Delivery] = []
    for other in others:
        if other.notice not in codes or not _gives_way(other, newer):
            kept.append(other)
            continue
        kept.append(settle(other, Suppressed(now, attempts_of(other.situation), SUPERSEDED)))
        match other.situation, newer.situation:
            case Waiting(until=until), Waiting(until=later) if until < later:
                newer = replace(newer, situation=Waiting(until))
    return [*kept, newer]


def _gives_way(other: Delivery, newer: Delivery) -> bool:
    clocks = {each.told["clock"] for each in (other, newer) if "clock" in each.told}
    return (
        isinstance(other.situation, Waiting | Due)
        and not other.urgent
        and other.part == newer.part
        and is_read_with(other, newer)
        and len(clocks) < 2
    )
