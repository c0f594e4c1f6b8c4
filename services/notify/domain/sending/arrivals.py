"""How long the messages of a gateway take to arrive, by its receipts, and whether that is slow."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from shared.values import replace, value

MINUTE = timedelta(minutes=1)


@value
class SlowRule:
    """When a gateway counts as slow.

    Source:
        GOV.UK Notify takes ten of a hundred points from an SMS provider if 15 % of what it took in the last quarter of
        an hour needed more than five minutes: once in ten minutes, and only while another one is not slow
        (`switch_current_sms_provider_on_slow_delivery` of alphagov/notifications-api).

    Args:
        after: Longer than this is slow.
        share_max: More than this share of the messages is too much; above 0, at most 1.
        within: How far it is looked back, whole minutes.
        receipts_min: With fewer receipts nothing is said.
        apart_for: The least time between two steps away from a gateway because it is slow.
    """

    after: timedelta = 5 * MINUTE
    share_max: float = 0.15
    within: timedelta = 15 * MINUTE
    receipts_min: int = 20
    apart_for: timedelta = 10 * MINUTE


@value
class Arrivals:
    """How many messages of a gateway arrived in each of the last minutes, and how many of these were slow."""

    minutes: Mapping[datetime, tuple[int, int]] = field(default_factory=dict)


def after_receipt(arrivals: Arrivals, took: timedelta, rule: SlowRule, now: datetime) -> Arrivals:
    """Return the arrivals of the last minutes once a message has arrived that was on its way for so long."""
    minute = now.replace(second=0, microsecond=0)
    kept = {at: counted for at, counted in arrivals.minutes.items() if at > now - rule.within}
    arrived, slow = kept.get(minute, (0, 0))
    return replace(arrivals, minutes={**kept, minute: (arrived + 1, slow + (took > rule.after))})


def is_slow(arrivals: Arrivals, rule: SlowRule, now: datetime) -> bool:
    """Return whether too many of the messages that arrived lately were slow."""
    counted = [each for at, each in arrivals.minutes.items() if at > now - rule.within]
    arrived, slow = (sum(counts) for counts in zip(*counted, strict=True)) if counted else (0, 0)
    return arrived >= rule.receipts_min and slow > rule.share_max * arrived
