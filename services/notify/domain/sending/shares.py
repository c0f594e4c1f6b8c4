"""How the messages of one channel are shared among its gateways: away from one that fails, in steps, and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.values import replace, value


@value
class ShareRule:
    """How shares move.

    Source:
        GOV.UK Notify moves ten of a hundred points from an SMS provider that fails, at most once a minute, and lets the
        shares drift back to their resting points (`dao_reduce_sms_provider_priority` of alphagov/notifications-api).

    Args:
        step_points: How much moves at a time.
        apart_for: The least time between two steps away from the same gateway.
        back_after: After so long without a step away, one step is made back; the next after as long again.
    """

    step_points: int = 10
    apart_for: timedelta = timedelta(minutes=1)
    back_after: timedelta = timedelta(minutes=10)


@value
class Shares:
    """The points of each gateway, now and at rest; together they always are as many.

    Args:
        moved_at: When points were last moved away from a gateway, by its code.
        changed_at: When any points were last moved; None before that.
    """

    resting: Mapping[str, int]
    points: Mapping[str, int]
    moved_at: Mapping[str, datetime]
    changed_at: datetime | None = None


def at_rest(resting: Mapping[str, int]) -> Shares:
    """Return shares as they are configured; their order is that of preference among equals."""
    return Shares(dict(resting), dict(resting), {})


def after_failure(shares: Shares, gateway: str, rule: ShareRule, now: datetime) -> Shares:
    """Return the shares once *gateway* has failed: a step less for it, unless it made one a short while ago."""
    last = shares.moved_at.get(gateway)
    others = [code for code in shares.points if code != gateway]
    step = min(rule.step_points, shares.points[gateway])
    if not others or not step or (last is not None and now < last + rule.apart_for):
        return shares
    points = dict(shares.points)
    points[gateway] -= step
    # Not to one that fails as well: to those that moved away nothing for the longest time, by what they take at rest.
    calm = [code for code in others if _is_calm(shares, code, rule, now)] or others
    for code, given in _divided(step, {code: max(shares.resting[code], 1) for code in calm}).items():
        points[code] += given
    return replace(shares, points=points, moved_at={**shares.moved_at, gateway: now}, changed_at=now)


def drifted(shares: Shares, rule: ShareRule, now: datetime) -> Shares:
    """Return the shares after time has passed: a step back to rest for each `back_after` that was calm."""
    while shares.changed_at is not None and shares.points != shares.resting:
        at = shares.changed_at + rule.back_after
        if at > now:
            break
        shares = replace(shares, points=_step_back(shares, rule), changed_at=at)
    return shares


def order(shares: Shares, draw: float) -> tuple[str, ...]:
    """Return all gateways: first the one that *draw* (from 0 to just under 1) falls on, then those with most points."""
    total = sum(shares.points.values())
    left = draw * total
    first = next(iter(shares.points))
    for code, points in shares.points.items():
        if left < points:
            first = code
            break
        left -= points
    rest = sorted((code for code in shares.points if code != first), key=lambda code: -shares.points[code])
    return (first, *rest)


def _is_calm(shares: Shares, gateway: str, rule: ShareRule, now: datetime) -> bool:
    last = shares.moved_at.get(gateway)
    return last is None or now >= last + rule.apart_for


def _step_back(shares: Shares, rule: ShareRule) -> dict[str, int]:
    """Return the points after one step towards rest: who has too many gives to who has too few."""
    missing = {code: shares.resting[code] - points for code, points in shares.points.items()}
    step = min(rule.step_points, sum(points for points in missing.values() if points > 0))
    taken = _divided(step, {code: -points for code, points in missing.items() if points < 0})
    given = _divided(step, {code: points for code, points in missing.items() if points > 0})
    return {code: points - taken.get(code, 0) + given.get(code, 0) for code, points in shares.points.items()}


def _divided(whole: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return *whole* divided by *weights*; what does not divide goes to the first ones."""
    total = sum(weights.values())
    parts = {code: whole * weight // total for code, weight in weights.items()}
    for code in list(parts)[: whole - sum(parts.values())]:
        parts[code] += 1
    return parts
