"""Loads rates.yaml: how fast what each outsider sends is taken."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt

from shared import topics
from shared.events.base import Short
from shared.fairness.rates import UNLIMITED, Limits, Rate
from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown
from shared.senders import Role, owner_of
from shared.values import value

FILE = "rates.yaml"


class RateEntry(PolicyModel):
    """At most so many records a minute, and so many at once after a pause."""

    per_minute: PositiveInt
    burst: PositiveInt


class SenderEntry(RateEntry):
    """What holds for one sender."""

    sender: Short


class FamilyEntry(RateEntry):
    """What holds for the senders of a family of topics."""

    senders: tuple[SenderEntry, ...] = ()
    guaranteed_per_minute: PositiveInt | None = None


class RateFile(PolicyModel):
    """The shape of rates.yaml."""

    version: PositiveInt
    submissions: FamilyEntry
    updates: FamilyEntry


@value
class SenderRates:
    """What holds for every sender; our own topics are taken as fast as they can be handled."""

    families: dict[str, FamilyEntry]

    def of(self, topic: str) -> Limits:
        """Return what holds for the sender of *topic* (without prefix)."""
        owner, family = owner_of(topic), self.families.get(topics.family_of(topic))
        if owner is None or family is None:
            return UNLIMITED
        entry = next((one for one in family.senders if one.sender == owner.name), family)
        guaranteed = family.guaranteed_per_minute
        return Limits(Rate(entry.per_minute, entry.burst), Rate(guaranteed, _burst(guaranteed)) if guaranteed else None)


def _burst(per_minute: int) -> int:
    """Return what may come at once of what is guaranteed: that of a second."""
    return max(1, per_minute // 60)


def load_rates(policy_dir: Path) -> SenderRates:
    """Return what rates.yaml states.

    Raises:
        PolicyInvalid: With every fault of the file: a sender given twice, or one that is in no registry.
    """
    held, source = load_sourced(policy_dir / FILE, RateFile)
    if faults := [*_repeats(held, source), *_strangers(held, source, policy_dir)]:
        raise PolicyInvalid(faults)
    return SenderRates({topics.SUBMITTED: held.submissions, topics.UPDATES: held.updates})


def _repeats(held: RateFile, source: Source) -> Iterator[PolicyFault]:
    for name, family in _families(held):
        yield from source.given_twice(
            (f"the rate of `{entry.sender}`", (name, "senders", index, "sender"))
            for index, entry in enumerate(family.senders)
        )


def _strangers(held: RateFile, source: Source, policy_dir: Path) -> Iterator[PolicyFault]:
    channels = [f"{Role.CHANNEL}-{code}" for code in load_channels(policy_dir).codes]
    agencies = [f"{Role.AGENCY}-{code}" for code in load_agencies(policy_dir).codes]
    links = f"{Role.CHANNEL}-{topics.LINK_CHANNEL}"
    known = {"submissions": channels, "updates": [*channels, links, *agencies, topics.OFFICERS]}
    for name, family in _families(held):
        for index, entry in enumerate(family.senders):
            if entry.sender not in known[name]:
                sentence = unknown("sender", entry.sender, known[name], "the registries")
                yield source.fault((name, "senders", index, "sender"), sentence)


def _families(held: RateFile) -> tuple[tuple[str, FamilyEntry], ...]:
    return ("submissions", held.submissions), ("updates", held.updates)
