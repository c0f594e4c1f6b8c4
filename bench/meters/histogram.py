"""A histogram with a high dynamic range: any span of time to three digits, in bounded memory.

As HdrHistogram (https://github.com/HdrHistogram/HdrHistogram) counts: buckets of doubling width, each in 2,048 parts.
Give it times from when something *should* have begun, so that a stall counts for all that waited through it, too.
"""

from collections import Counter
from collections.abc import Iterable

SUB_BUCKET_BITS = 11  # 2,048 parts: three digits
PERCENTILES = (50.0, 99.0, 99.9)


class Histogram:
    """Counts of spans in microseconds."""

    def __init__(self, spans_seconds: Iterable[float] = ()) -> None:
        self.counts: Counter[int] = Counter()
        self.max_us = 0
        for span in spans_seconds:
            self.record(span)

    def record(self, span_seconds: float) -> None:
        """Count one span; one below zero, between two clocks, counts as none."""
        span_us = max(0, round(span_seconds * 1e6))
        self.counts[highest_like(span_us)] += 1
        self.max_us = max(self.max_us, span_us)

    @property
    def total(self) -> int:
        """Return how many were counted."""
        return self.counts.total()

    def percentile_ms(self, percent: float) -> float:
        """Return the time within which *percent* of all lie, in milliseconds, to three digits; 0 if there are none."""
        wanted, seen = percent / 100 * self.total, 0
        for span_us in sorted(self.counts):
            seen += self.counts[span_us]
            if seen >= wanted - 1e-9:
                return min(span_us, self.max_us) / 1000
        return 0.0

    def report(self) -> dict[str, float]:
        """Return the usual percentiles and the longest, in milliseconds."""
        found = {f"p{percent:g}": round(self.percentile_ms(percent), 1) for percent in PERCENTILES}
        return {**found, "max": round(self.max_us / 1000, 1), "count": self.total}


def highest_like(span_us: int) -> int:
    """Return the longest span that is counted in the same part as this one."""
    shift = max(0, span_us.bit_length() - SUB_BUCKET_BITS)
    return (span_us >> shift << shift) + (1 << shift) - 1
