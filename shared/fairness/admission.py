"""Decides how many records of each sender are taken now: evenly, within their rates, and as those behind us go on."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from shared.fairness.rates import UNLIMITED, Bucket, Limits, Rate
from shared.fairness.shares import Source, among
from shared.senders import owner_of, sender_name
from shared.values import value

DEFERRED_AFTER_SECONDS = 1.0
ENDED_AFTER_SECONDS = 5.0
# Who has just been given many more than are guaranteed is not given the next ones one at a time while there is no room:
# each would cost a batch, its save and its commit, here and in every service that follows.
GIVEN_AHEAD_SECONDS = 2.0

Rates = Callable[[str], Limits]
"""Returns what holds for the sender of a topic (without prefix)."""


class Why(StrEnum):
    """Why a sender's records wait though there is time to handle them."""

    RATE = "sends more than its rate"
    BACKLOG = "sends more than is handled behind us"


@value
class DeferralBegan:
    """Records of a sender have begun to wait on the broker; they are taken later, and none is lost."""

    sender: str
    why: Why


@value
class DeferralEnded:
    """Nothing of a sender has had to wait for a while."""

    sender: str


class Followers(Protocol):
    """Those who read what follows from the records that are taken."""

    def room(self, now_seconds: float) -> int | None:
        """Return how many more records they should get now; None: as many as there are."""
        ...

    def took(self, count: int) -> None:
        """Note that *count* more records are on their way to them."""
        ...

    def remark(self) -> str:
        """Return why nobody knows how far they are; empty if that is known."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


@value
class Supply:
    """What gives the records of one topic, and which portion of its partitions is ours to read."""

    source: Source
    portion: float = 1.0


@dataclass(slots=True)
class _Turn:
    """What one sender gives in one batch."""

    source: Source
    rate_left: float
    guaranteed_left: float
    allowed: float = 0
    taken: int = 0
    is_dry: bool = False

    def take(self, count: int) -> int:
        wanted = int(min(count, self.allowed - self.taken))
        found = self.source(wanted) if wanted > 0 else 0
        self.taken += found
        self.is_dry = self.is_dry or found < wanted
        return found


@dataclass(slots=True)
class _Deferral:
    since: float
    until: float
    why: Why
    is_told: bool = False


@dataclass
class Admission:
    """Whose records are taken next, and how many; knows nothing of the broker.

    Args:
        rates: What holds for each sender; may be replaced between two batches.
        followers: None: nobody holds us back.
    """

    rates: Rates = lambda _: UNLIMITED
    followers: Followers | None = None
    _unused: dict[tuple[str, Rate], Bucket] = field(default_factory=dict)
    _served: dict[str, int] = field(default_factory=dict)
    _batches: int = 0
    _deferrals: dict[str, _Deferral] = field(default_factory=dict)

    def take(self, supplies: Mapping[str, Supply], count: int, now_seconds: float) -> None:
        """Take at most *count* of the records that wait.

        First what is guaranteed to each sender, if those behind us may hold back anything. Then what else there is:
        half of it from our own topics, half from others', and of each half every sender gives the same; what one leaves
        goes to the others.

        Args:
            supplies: By topic (without prefix), what waits there.
            count: At least 0.
            now_seconds: On a clock that never goes back.
        """
        turns = {topic: self._turn(topic, supplies[topic], now_seconds) for topic in self._longest_unserved(supplies)}
        left = count - _taken(turns, count, [min(turn.rate_left, turn.guaranteed_left) for turn in turns.values()])
        room = None
        if self.followers is not None and left and not all(turn.is_dry for turn in turns.values()):
            room = self.followers.room(now_seconds)
        surplus = left if room is None else min(left, room)
        is_room_used = _taken(turns, surplus, [turn.rate_left for turn in turns.values()]) == surplus < left
        self._batches += 1
        for topic, turn in turns.items():
            self._note(topic, turn, supplies[topic].portion, now_seconds, is_room_used=is_room_used)

    def changes(self, now_seconds: float) -> list[DeferralBegan | DeferralEnded]:
        """Return what has changed since it was asked last."""
        found: list[DeferralBegan | DeferralEnded] = []
        for topic, deferral in list(self._deferrals.items()):
            if now_seconds - deferral.until > ENDED_AFTER_SECONDS:
                del self._deferrals[topic]
                found += [DeferralEnded(sender_name(topic))] if deferral.is_told else []
            elif not deferral.is_told and deferral.until - deferral.since >= DEFERRED_AFTER_SECONDS:
                deferral.is_told = True
                found.append(DeferralBegan(sender_name(topic), deferral.why))
        return found

    def deferred(self) -> Mapping[str, Why]:
        """Return, by topic (without prefix), whose records wait on the broker, and why."""
        return {topic: deferral.why for topic, deferral in self._deferrals.items() if deferral.is_told}

    def remark(self) -> str:
        """Return whose records wait on the broker, and why, and what of that nobody knows; empty if all is well."""
        said = [f"{sender_name(topic)} {why}" for topic, why in sorted(self.deferred().items())]
        unknown = self.followers.remark() if self.followers is not None else ""
        return "; ".join([*said, unknown] if unknown else said)

    def _longest_unserved(self, topics: Mapping[str, Supply]) -> list[str]:
        return sorted(topics, key=lambda topic: self._served.get(topic, 0))

    def _turn(self, topic: str, supply: Supply, now_seconds: float) -> _Turn:
        def left(rate: Rate | None, otherwise: float) -> float:
            if rate is None:
                return otherwise
            return math.floor(self._bucket(topic, rate).left(rate, supply.portion, now_seconds))

        limits = self.rates(topic)
        guaranteed = left(limits.guaranteed, 0) if self.followers is not None else 0
        return _Turn(supply.source, left(limits.rate, math.inf), guaranteed)

    def _bucket(self, topic: str, rate: Rate) -> Bucket:
        return self._unused.get((topic, rate), Bucket())

    def _note(self, topic: str, turn: _Turn, portion: float, now_seconds: float, *, is_room_used: bool) -> None:
        if turn.taken:
            self._served[topic] = self._batches
        limits = self.rates(topic)
        for rate in {rate for rate in (limits.rate, limits.guaranteed) if rate is not None}:
            ahead_seconds = GIVEN_AHEAD_SECONDS if rate is not limits.rate else 0.0
            bucket = self._bucket(topic, rate)
            self._unused[topic, rate] = bucket.without(turn.taken, rate, portion, now_seconds, ahead_seconds)
        if self.followers is not None:
            self.followers.took(turn.taken)
        is_rate_used = turn.taken >= turn.rate_left
        if not turn.is_dry and (is_rate_used or is_room_used):
            deferral = self._deferrals.setdefault(topic, _Deferral(now_seconds, now_seconds, Why.BACKLOG))
            deferral.until, deferral.why = now_seconds, Why.RATE if is_rate_used else Why.BACKLOG


def _taken(turns: Mapping[str, _Turn], count: int, allowed: list[float]) -> int:
    for turn, records_max in zip(turns.values(), allowed, strict=True):
        turn.allowed = records_max
    ours = [turn.take for topic, turn in turns.items() if owner_of(topic) is None]
    outsiders = [turn.take for topic, turn in turns.items() if owner_of(topic) is not None]
    return among([among(ours), among(outsiders)])(count)
