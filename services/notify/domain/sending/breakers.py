"""The circuit breaker of one gateway: after failures in a row it is left alone, then asked by one message."""

from datetime import datetime, timedelta

from shared.values import value


@value
class BreakerRule:
    """When a breaker opens, and for how long.

    Args:
        failures_max: So many failures in a row open it.
        open_for: How long it stays open at first; twice as long after each probe that fails.
        longest_for: What it never stays open longer than.
    """

    failures_max: int = 5
    open_for: timedelta = timedelta(seconds=30)
    longest_for: timedelta = timedelta(minutes=10)


@value
class Closed:
    """Every message may pass; the last *failures* of them failed."""

    failures: int = 0


@value
class Open:
    """No message may pass until *until*; it is the *times*-th time in a row (from 1)."""

    until: datetime
    times: int


@value
class HalfOpen:
    """One message is on its way to find out; if nothing is heard of it by *until*, another may be."""

    until: datetime
    times: int


Breaker = Closed | Open | HalfOpen


def admit(breaker: Breaker, rule: BreakerRule, now: datetime) -> Breaker | None:
    """Return the breaker once a message has passed; None if none may pass now."""
    match breaker:
        case Closed():
            return breaker
        case Open(until, times) | HalfOpen(until, times):
            return HalfOpen(now + _open_for(rule, times), times) if now >= until else None


def after_success(breaker: Breaker) -> Breaker:
    """Return the breaker once a message was answered; an answer from before it opened closes nothing."""
    return breaker if isinstance(breaker, Open) else Closed()


def after_failure(breaker: Breaker, rule: BreakerRule, now: datetime) -> Breaker:
    """Return the breaker once the gateway has failed."""
    match breaker:
        case Closed(failures) if failures + 1 < rule.failures_max:
            return Closed(failures + 1)
        case Closed():
            return Open(now + _open_for(rule, 1), 1)
        case HalfOpen(times=times):
            return Open(now + _open_for(rule, times + 1), times + 1)
        case Open():
            return breaker


def opens_in(breaker: Breaker, now: datetime) -> timedelta:
    """Return how long no message passes, zero if one may now."""
    return timedelta() if isinstance(breaker, Closed) or now >= breaker.until else breaker.until - now


def _open_for(rule: BreakerRule, times: int) -> timedelta:
    return min(rule.open_for * (1 << min(times - 1, 30)), rule.longest_for)
