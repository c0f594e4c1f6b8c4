"""Loads retention.yaml: how long what is kept stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from shared import topics
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced
from shared.values import value

FILE = "retention.yaml"
YEARS_MAX = 30

Days = Annotated[int, Field(ge=1, le=365 * YEARS_MAX)]

ARCHIVED_WITHIN = timedelta(days=30)
"""So long after a ticket was to leave the collections what sla and notify know of it stays for the archive."""


class RetentionFile(PolicyModel):
    """The shape of retention.yaml."""

    version: PositiveInt
    ended_tickets_days: Days
    reports_days: Days
    dead_letters_days: Days
    applied_ids_days: Days
    outsiders_days: Annotated[int, Field(ge=1, le=topics.OF_OUTSIDERS_DAYS)]


@value
class Retention:
    """How long what is kept stays.

    Args:
        ended_tickets: From a ticket's last event until it leaves the collections.
        reports: From its acceptance until intake forgets a report.
        dead_letters: From when on a dead letter is dropped.
        applied_ids: So long a service remembers at least which events it has applied.
        outsiders: After this what outsiders wrote is cut, once it has been handled.
    """

    ended_tickets: timedelta
    reports: timedelta
    dead_letters: timedelta
    applied_ids: timedelta
    outsiders: timedelta

    def leaves_at(self, ended_at: datetime | None) -> datetime | None:
        """Return when a ticket that ended then leaves the collections; None for one that has not ended."""
        return None if ended_at is None else ended_at + self.ended_tickets

    def dropped_at(self, ended_at: datetime | None) -> datetime | None:
        """Return when the database drops what sla or notify know of it, whether it is archived or not."""
        leaves_at = self.leaves_at(ended_at)
        return None if leaves_at is None else leaves_at + ARCHIVED_WITHIN


def load_retention(policy_dir: Path) -> Retention:
    """Return what retention.yaml states.

    Raises:
        PolicyInvalid: With every fault of the file: a figure that would let something be made anew by a repeat.
    """
    held, source = load_sourced(policy_dir / FILE, RetentionFile)
    if faults := list(_too_short(held, source)):
        raise PolicyInvalid(faults)
    return Retention(
        ended_tickets=timedelta(days=held.ended_tickets_days),
        reports=timedelta(days=held.reports_days),
        dead_letters=timedelta(days=held.dead_letters_days),
        applied_ids=timedelta(days=held.applied_ids_days),
        outsiders=timedelta(days=held.outsiders_days),
    )


def repeats_days(dead_letters_days: int, kept_days: int = topics.LONGEST_DAYS) -> int:
    """Return after how many days the last repeat of a record can come, from a topic that keeps it for *kept_days*."""
    return kept_days + dead_letters_days + topics.REPLAYS_DAYS


def _too_short(held: RetentionFile, source: Source) -> Iterator[PolicyFault]:
    least = repeats_days(held.dead_letters_days)
    for name in ("ended_tickets_days", "applied_ids_days"):
        given = getattr(held, name)
        if given < least:
            yield source.fault((name,), f"`{name}` must be at least {least}, not {given}: so long a repeat may come")
    most = held.ended_tickets_days - repeats_days(held.dead_letters_days, topics.OF_OUTSIDERS_DAYS)
    if held.reports_days > most:
        sentence = f"`reports_days` must be at most {most}, not {held.reports_days}: its answer, repeated, would make a"
        yield source.fault(("reports_days",), f"{sentence} ticket anew that has left after `ended_tickets_days`")
