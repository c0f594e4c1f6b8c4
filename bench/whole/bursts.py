"""Bursts: complaints a second that jump up and down, as in eGov DIGIT's published test, and ten times that.

The sequence is read as complaints a second, step after step. How long a step lasts is not part of it; here ten seconds.
"""

from collections.abc import Iterator, Sequence

DIGIT = (1, 15, 1, 25, 2, 35, 10)
STEP_SECONDS = 10
TIMES = (1, 10)


def moments(steps: Sequence[int], step_seconds: float = STEP_SECONDS) -> list[float]:
    """Return when complaints are sent, in seconds from the beginning: evenly within each step."""
    return list(_moments(steps, step_seconds))


def _moments(steps: Sequence[int], step_seconds: float) -> Iterator[float]:
    for number, rate in enumerate(steps):
        for each in range(round(rate * step_seconds)):
            yield number * step_seconds + each / rate
