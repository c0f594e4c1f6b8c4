"""How fast a sender's records may be taken: a token bucket; time is an argument."""

import math

from shared.values import value

SECONDS_PER_MINUTE = 60


@value
class Rate:
    """So many records a minute, and so many at once after a pause."""

    per_minute: int
    burst: int


@value
class Limits:
    """What holds for one sender.

    Args:
        rate: At most; None: as fast as it can be handled.
        guaranteed: Taken whatever others send, and however far behind those are who read after us.
    """

    rate: Rate | None = None
    guaranteed: Rate | None = None


UNLIMITED = Limits()


@value
class Bucket:
    """What a sender has not used up of a rate, as it was at some instant.

    Args:
        tokens: Records, and parts of one.
        at_seconds: When, on a clock that never goes back.
    """

    tokens: float = math.inf
    at_seconds: float = 0.0

    def left(self, rate: Rate, portion: float, now_seconds: float) -> float:
        """Return how many records may be taken now; *portion* is the share of the sender that is ours to read."""
        grown = (now_seconds - self.at_seconds) * rate.per_minute / SECONDS_PER_MINUTE * portion
        return min(self.tokens + grown, max(1.0, rate.burst * portion))

    def without(
        self, count: int, rate: Rate, portion: float, now_seconds: float, ahead_seconds: float = 0.0
    ) -> "Bucket":
        """Return what is left after *count* were taken; of more than there was, what *ahead_seconds* bring counts.

        So whoever was given more than a rate has none of it to use up for that time.
        """
        ahead = ahead_seconds * rate.per_minute / SECONDS_PER_MINUTE * portion
        return Bucket(max(-ahead, self.left(rate, portion, now_seconds) - count), now_seconds)
