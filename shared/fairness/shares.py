"""Shares a number of records evenly among those who have some; what one leaves goes to the others."""

from collections import deque
from collections.abc import Callable, Iterable

Source = Callable[[int], int]
"""Takes at most so many records, at least one; returns how many it took, fewer only if it has no more now."""


def among(sources: Iterable[Source]) -> Source:
    """Return *sources* as one; the first of them are the first to give, and who has given is the last to give again."""
    waiting = deque(sources)

    def take(count: int) -> int:
        left = count
        while left and waiting:
            share = max(1, left // len(waiting))
            for source in [waiting.popleft() for _ in range(min(len(waiting), left))]:
                wanted = min(share, left)
                taken = source(wanted)
                left -= taken
                if taken == wanted:
                    waiting.append(source)
        return count - left

    return take
