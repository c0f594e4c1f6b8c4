"""Reads instants, amounts of time and calendars from the command line; refuses them in two languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from services.sla.tooling import (
    CALENDARS_FILE,
    DEFAULT_CALENDAR,
    Allowance,
    SlaRules,
    WorkingTime,
    allowance_of,
    day_names,
    load_sla,
)
from shared.policy.loading import did_you_mean
from tindak.console import Misuse

HERE = Path("policy")
PLAIN = re.compile(r"(?=\d)(?:(\d{1,6})h)?\s*(?:(\d{1,7})m(?:in)?)?\s*(?:(\d{1,9})s)?")

At = Annotated[str, typer.Argument(metavar="AT", help="RFC 3339; without a zone as the clock in the office shows it.")]
Calendar = Annotated[str, typer.Option("--calendar", help="Code of calendars.yaml.")]
PolicyDir = Annotated[Path, typer.Option("--policy", envvar="TINDAK_POLICY_DIR", help="Holds the files.")]


@dataclass(frozen=True, slots=True)
class Office:
    """A calendar to count on, and what its unusual dates are called."""

    work: WorkingTime
    names: Mapping[date, str]

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which its hours are given."""
        return ZoneInfo(self.work.calendar.zone)


@dataclass(frozen=True, slots=True)
class City:
    """The rules of the clocks, and by calendar what its unusual dates are called."""

    rules: SlaRules
    day_names: Mapping[str, Mapping[date, str]]

    @classmethod
    def of(cls, policy_dir: Path) -> "City":
        """Return the city whose policy lies there; raise PolicyInvalid with every fault of it."""
        return cls(load_sla(policy_dir), day_names(policy_dir))

    def office(self, code: str = DEFAULT_CALENDAR) -> Office:
        """Return the office with this calendar; raise Misuse if there is none."""
        if code in self.rules.calendars:
            return Office(self.rules.calendars[code], self.day_names[code])
        close = did_you_mean(code, self.rules.calendars)
        raise refusal(
            f"kalender `{code}` tidak ada di {CALENDARS_FILE}", f"calendar `{code}` is not in {CALENDARS_FILE}{close}"
        )


def refusal(indonesian: str, english: str) -> Misuse:
    """Return the refusal of what was typed, in both languages."""
    return Misuse(f"{indonesian} / {english}")


def instant_of(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant that was typed, UTC; a time without a zone is read off the clock of *zone*.

    Raises:
        Misuse: It is no instant, or the clock of *zone* never shows it. Of two moments the first is meant.
    """
    try:
        typed = datetime.fromisoformat(text)
        at = typed.replace(tzinfo=typed.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal(
            f"`{text}` bukan waktu seperti 2026-03-02T12:00 atau 2026-03-02T12:00:00+07:00",
            f"`{text}` is no instant such as 2026-03-02T12:00 or 2026-03-02T12:00:00+07:00",
        ) from None
    if typed.tzinfo is None and at.astimezone(zone).replace(tzinfo=None) != typed:
        raise refusal(
            f"{text} tidak pernah ada di {zone.key}: jam dimajukan",
            f"{text} never happens in {zone.key}: the clocks are put forward",
        )
    return at


def amount_of(text: str) -> timedelta | Allowance:
    """Return the working time of a text such as ``7h30m``, or the allowance of one such as ``5 working_days``.

    Raises:
        Misuse: It is neither.
    """
    found = PLAIN.fullmatch(text.strip())
    if found:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        return allowance_of(text.strip().replace("-", "_"))
    except ValueError as error:
        raise refusal(
            f"`{text}` bukan lama waktu seperti `7h30m` atau `5 working_days`",
            f"`{text}` is no amount of time such as `7h30m` or `5 working_days` ({error})",
        ) from None
