"""Finds tickets by their band keys, in memory: those that share most of them with a text."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice, zip_longest

import numpy as np
from numpy.typing import NDArray

from services.routing.domain.duplicates.candidates import BY_KEY_MAX, COMPARED_MAX
from services.routing.domain.duplicates.minhash import MASK

TICKETS_MAX = 20_000  # nearly a thousand a day for three weeks; the whole country's LAPOR! gets some 560
FOUND_MAX = 1_000  # for all texts of a batch; what they are compared with must be read
UNSETTLED_MAX = 2_000  # tickets that came or went since all was put in order
NUMBER_BITS = 32
BITS, NEXT_KEY, NUMBER = np.uint64(NUMBER_BITS), np.uint64(2**NUMBER_BITS), np.uint64(2**NUMBER_BITS - 1)

Pairs = NDArray[np.uint64]
"""Each a key in the upper half and the number of a ticket in the lower, ascending: the newest of a key stand last."""


class BandIndex:
    """The tickets that were added last, at most `TICKETS_MAX` and `UNSETTLED_MAX`, under each of their keys.

    Twenty keys of a ticket take 160 bytes here; as entries of a dictionary they would take ten times as much. What has
    just come is kept apart from the rest, so that not all of it must be moved for one ticket.
    """

    def __init__(self, tickets_max: int = TICKETS_MAX) -> None:
        self.tickets_max = tickets_max
        self._numbers: dict[str, int] = {}  # of the tickets that are held, ascending
        self._ids: list[str] = []  # by number, also of those that are gone
        self._settled: Pairs = np.empty(0, np.uint64)
        self._latest: Pairs = np.empty(0, np.uint64)
        self._unsorted: list[int] = []
        self._settled_ids = 0

    def __len__(self) -> int:
        """Return how many tickets are held."""
        return len(self._numbers)

    def __contains__(self, ticket: str) -> bool:
        """Return whether the ticket is held."""
        return ticket in self._numbers

    def add(self, ticket: str, keys: Iterable[int]) -> None:
        """Hold a ticket as the newest, unless it is held; of its keys those of 0 to 2**31 - 1: no text has others."""
        if ticket in self._numbers:
            return
        number = self._numbers[ticket] = len(self._ids)
        self._ids.append(ticket)
        self._unsorted += [key << NUMBER_BITS | number for key in keys if 0 <= key <= MASK]

    def discard(self, tickets: Iterable[str]) -> None:
        """Hold these tickets no longer."""
        for ticket in tickets:
            self._numbers.pop(ticket, None)

    def nearest(self, asked: Sequence[Collection[int]]) -> list[str]:
        """Return the tickets that share a key with one of the texts whose keys are *asked*.

        Of those with one key the newest `BY_KEY_MAX` count; of too many for one text the `COMPARED_MAX` are returned
        that share most keys with it, and of too many for all of them the `FOUND_MAX` that are the nearest of one.
        """
        self._settle()
        under = self._held_under({key for keys in asked for key in keys})
        ranked: list[list[int]] = []
        for keys in asked if under else ():
            if held := [under[key] for key in keys if key in under]:
                shared = Counter(chain.from_iterable(held)).most_common(COMPARED_MAX)
                ranked.append([number for number, _ in shared])
        # The nearest of every text before the second nearest of any.
        found = dict.fromkeys(chain.from_iterable(zip_longest(*ranked)))
        return [self._ids[number] for number in islice((each for each in found if each is not None), FOUND_MAX)]

    def _held_under(self, keys: Collection[int]) -> Mapping[int, list[int]]:
        """Return under each key that tickets have the numbers of the newest of them, ascending."""
        found: dict[int, list[int]] = defaultdict(list)
        asked = np.sort(np.fromiter(keys, np.uint64, len(keys))) << BITS
        looked_at_max = BY_KEY_MAX + len(self._ids) - len(self._numbers)  # should all that are gone have that key
        for pairs in filter(len, (self._settled, self._latest)):
            begins = np.searchsorted(pairs, asked)
            # Behind the last pair there is none: that one has a lower key.
            is_there = pairs.take(begins, mode="clip") >> BITS == asked >> BITS
            there, begins = asked[is_there], begins[is_there]
            ends = np.searchsorted(pairs, there + NEXT_KEY)
            for key, begin, end in zip(there.tolist(), begins.tolist(), ends.tolist(), strict=True):
                numbers = (pairs[max(begin, end - looked_at_max) : end] & NUMBER).tolist()
                found[key >> NUMBER_BITS] += [number for number in numbers if self._is_held(number)]
        return {key: numbers[-BY_KEY_MAX:] for key, numbers in found.items() if numbers}

    def _is_held(self, number: int) -> bool:
        return self._numbers.get(self._ids[number]) == number

    def _settle(self) -> None:
        """Sort in what is new; put everything in order, and drop the oldest, once enough has come or gone."""
        if self._unsorted:
            self._latest = np.concatenate([self._latest, np.array(self._unsorted, np.uint64)])
            self._latest.sort(kind="stable")
            self._unsorted = []
        gone = len(self._ids) - len(self._numbers)
        if max(gone, len(self._ids) - self._settled_ids) < UNSETTLED_MAX:
            return
        kept = list(self._numbers.items())[-self.tickets_max :]
        renumbered = np.full(len(self._ids), NUMBER)
        renumbered[[number for _, number in kept]] = np.arange(len(kept))
        pairs = np.concatenate([self._settled, self._latest])
        numbers = renumbered[pairs & NUMBER]
        is_kept = numbers != NUMBER
        pairs = (pairs[is_kept] & ~NUMBER) | numbers[is_kept]
        pairs.sort(kind="stable")
        self._settled, self._latest = pairs, np.empty(0, np.uint64)
        self._ids = [ticket for ticket, _ in kept]
        self._numbers = {ticket: number for number, ticket in enumerate(self._ids)}
        self._settled_ids = len(self._ids)
