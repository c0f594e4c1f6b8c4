"""Reads sla.yaml with the calendars and the agency directory: its shape, what can be wrong in it, what it means."""

import hashlib
import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.rules import (
    OUTSIDE_ROLES,
    WINDOWS,
    ClockRule,
    EscalationLevel,
    PauseRule,
    Post,
    SlaRules,
)
from shared.events import Classification, Code, HoldReason, Short, SlaClock
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory, AgencyFile, AgencyPost, load_agencies
from shared.policy.calendars import CALENDARS_FILE, CalendarFile, calendar_of, faults_of_calendars
from shared.policy.loading import Loc, PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown
from shared.working_time.counting import WorkingTime
from shared.working_time.hours import DEFAULT_CALENDAR

SLA_FILE = "sla.yaml"
ROLES_OF_EVERY_AGENCY = tuple(map(str, AgencyPost))
PAUSABLE = (SlaClock.RESPOND, SlaClock.RESOLVE)

ALLOWANCE = re.compile(r"([1-9]\d{0,8}) ([a-z]+(?:_[a-z]+)?)")
AMOUNT_MAX = {  # about four years each, so that no clock outlasts the calendars
    Unit.WORKING_DAYS: 1_000,
    Unit.WORKING_HOURS: 8_000,
    Unit.WORKING_MINUTES: 480_000,
    Unit.DAYS: 1_461,
    Unit.SECONDS: 126_230_400,
}


def allowance_of(text: object) -> Allowance:
    """Return what a text such as ``5 working_days`` allows; raise ValueError if it allows nothing."""
    found = ALLOWANCE.fullmatch(text) if isinstance(text, str) else None
    named = [unit for unit in Unit if found and found[2] in (unit.value, unit.value.removesuffix("s"))]
    if found is None or not named:
        raise ValueError(f"`{text}` is no amount such as `5 working_days`; units are {', '.join(Unit)}")
    amount, unit = int(found[1]), named[0]
    if amount > AMOUNT_MAX[unit]:
        raise ValueError(f"{text} is more than {AMOUNT_MAX[unit]} {unit}")
    return Allowance(amount, unit)


AllowanceEntry = Annotated[InstanceOf[Allowance], BeforeValidator(allowance_of)]
Percent = Annotated[int, Field(ge=1, le=99)]


class ByClassification(PolicyModel):
    """An allowance for each kind of report."""

    information_request: AllowanceEntry
    complaint: AllowanceEntry
    complaint_supervisory: AllowanceEntry
    aspiration: AllowanceEntry


class ClockEntry(PolicyModel):
    """One clock."""

    owner: Literal["coordinator", "agency", "reporter"]
    calendar: Code | None = None
    allowance: AllowanceEntry | None = None
    allowance_by_classification: ByClassification | None = None
    warn_at_percent: tuple[Percent, ...] = ()
    ladder: Code | None = None

    @model_validator(mode="after")
    def refuse_doubt(self) -> Self:
        """Raise ValueError if the allowance is missing or given twice, or if warnings do not rise."""
        if (self.allowance is None) == (self.allowance_by_classification is None):
            raise ValueError("needs either `allowance` or `allowance_by_classification`")
        if list(self.warn_at_percent) != sorted(set(self.warn_at_percent)):
            raise ValueError("`warn_at_percent` must rise")
        return self

    @property
    def allowances(self) -> dict[Classification, Allowance]:
        """Return the allowance of each kind of report."""
        if self.allowance is not None:
            return dict.fromkeys(Classification, self.allowance)
        return {kind: getattr(self.allowance_by_classification, kind) for kind in Classification}


class ClocksEntry(PolicyModel):
    """The five clocks."""

    verify: ClockEntry
    respond: ClockEntry
    resolve: ClockEntry
    complete: ClockEntry
    feedback: ClockEntry

    def of(self, clock: SlaClock) -> ClockEntry:
        """Return the entry of one clock."""
        entry: ClockEntry = getattr(self, clock)
        return entry


class PauseEntry(PolicyModel):
    """What a hold for one reason pauses."""

    hold: HoldReason
    clocks: Annotated[tuple[SlaClock, ...], Field(min_length=1)]
    at_most: AllowanceEntry | None = None


class LevelEntry(PolicyModel):
    """One level of escalation; ``copies`` read along."""

    level: Annotated[int, Field(ge=1)]
    responsible: Code
    copies: tuple[Code, ...] = ()
    after_breach: AllowanceEntry | None = None
    after_start: AllowanceEntry | None = None
    clocks: tuple[SlaClock, ...] = ()

    def __repr_name__(self) -> str:
        # Editions are digests of what this prints: under another name every clock would count as timed otherwise.
        return "RungEntry"

    @property
    def value(self) -> EscalationLevel:
        """Return what it means."""
        return EscalationLevel(
            level=self.level,
            responsible=self.responsible,
            after=self.after_breach or self.after_start,
            from_start=self.after_start is not None,
            clocks=frozenset(self.clocks or SlaClock),
        )


class SlaFile(PolicyModel):
    """The shape of sla.yaml."""

    version: int | Short
    clocks: ClocksEntry
    pauses: tuple[PauseEntry, ...] = ()
    ladders: dict[Code, Annotated[tuple[LevelEntry, ...], Field(min_length=1)]]


def faults_of_sla(
    held: SlaFile, source: Source, calendars: Collection[str], officers: Collection[str]
) -> Iterator[PolicyFault]:
    """Yield what is wrong beyond the shape: references that lead nowhere, and rules that make no sense together."""
    for clock in SlaClock:
        yield from _faults_of_clock(held, source, clock, calendars)
    reasons: set[HoldReason] = set()
    for index, pause in enumerate(held.pauses):
        if pause.hold in reasons:
            yield source.fault(("pauses", index), f"what `{pause.hold}` pauses is said twice")
        reasons.add(pause.hold)
        for clock in set(pause.clocks) - set(PAUSABLE):
            yield source.fault(("pauses", index, "clocks"), f"a hold cannot pause the clock `{clock}`")
    roles = (*ROLES_OF_EVERY_AGENCY, *OUTSIDE_ROLES, *officers)
    for name, ladder in held.ladders.items():
        for index, level in enumerate(ladder):
            yield from _faults_of_level(level, index, source, ("ladders", name, index), roles)
        for lower, upper in pairwise(ladder):
            if not _rises(lower.after_breach, upper.after_breach):
                sentence = f"level {upper.level} must come later than level {lower.level}"
                yield source.fault(("ladders", name, upper.level - 1, "after_breach"), sentence)


def _rises(lower: Allowance | None, upper: Allowance | None) -> bool:
    return lower is None or upper is None or lower.unit is not upper.unit or lower.amount < upper.amount


def _faults_of_clock(
    held: SlaFile, source: Source, clock: SlaClock, calendars: Collection[str]
) -> Iterator[PolicyFault]:
    entry, loc = held.clocks.of(clock), ("clocks", clock.value)
    if entry.calendar is not None and entry.calendar not in calendars:
        yield source.fault((*loc, "calendar"), unknown("calendar", entry.calendar, calendars, CALENDARS_FILE))
    if clock in WINDOWS:
        if entry.ladder is not None:
            sentence = f"`{clock}` needs no ladder: when it runs out a window closes, and nobody is late"
            yield source.fault((*loc, "ladder"), sentence)
    elif entry.ladder is None:
        yield source.fault(loc, f"`{clock}` needs a ladder: somebody must be responsible for its breach")
    elif entry.ladder not in held.ladders:
        yield source.fault((*loc, "ladder"), unknown("ladder", entry.ladder, held.ladders, f"`ladders` of {SLA_FILE}"))


def faults_of_vacancies(
    held: SlaFile, source: Source, gone: Collection[str], directory: AgencyDirectory
) -> Iterator[PolicyFault]:
    """Yield a fault for each ladder on which nobody is left whom a breach could reach.

    Args:
        gone: Roles of officers whose posts are vacant.
    """
    for name, ladder in held.ladders.items():
        roles = {level.responsible for level in ladder} - set(OUTSIDE_ROLES) - set(gone)
        lost = [agency.code for agency in directory.agencies if not roles - set(agency.vacant)]
        if lost:
            sentence = f"every post of the ladder `{name}` is vacant for {lost[0]}, so that a breach would reach nobody"
            yield source.fault(("ladders", name), sentence)


def _faults_of_level(
    entry: LevelEntry, index: int, source: Source, loc: Loc, roles: Collection[str]
) -> Iterator[PolicyFault]:
    for role in (entry.responsible, *entry.copies):
        if role not in roles:
            yield source.fault(loc, unknown("the role", role, roles, f"`officers` of {AGENCIES_FILE}"))
    if entry.level != index + 1:
        yield source.fault((*loc, "level"), f"level {entry.level} stands where level {index + 1} belongs")
    given = (entry.after_breach is not None) + (entry.after_start is not None)
    if index == 0 and (given or entry.clocks):
        yield source.fault(loc, "level 1 is the breach itself, at its due time and for every clock")
    if index > 0 and given != 1:
        yield source.fault(loc, "needs either `after_breach` or `after_start`")


def load_sla(policy_dir: Path) -> SlaRules:
    """Return the rules of the clocks below *policy_dir*.

    Raises:
        PolicyInvalid: With every fault of the three files, or of the first of them that cannot be read at all.
    """
    directory = load_agencies(policy_dir)
    calendars, calendars_source = load_sourced(policy_dir / CALENDARS_FILE, CalendarFile)
    sla, sla_source = load_sourced(policy_dir / SLA_FILE, SlaFile)
    # Where there is no default calendar that is said once, not of everybody who relies on it.
    codes = sorted({DEFAULT_CALENDAR, *(entry.code for entry in calendars.calendars)})
    officers = [officer.role for officer in directory.officers]
    gone = [officer.role for officer in directory.officers if officer.vacant]
    faults = [
        *faults_of_calendars(calendars, calendars_source),
        *faults_of_sla(sla, sla_source, codes, officers),
        *faults_of_vacancies(sla, sla_source, gone, directory),
        *_faults_of_agencies(policy_dir, directory, codes),
    ]
    if faults:
        raise PolicyInvalid(faults)
    return SlaRules(
        version=_version_of(sla),
        clocks={clock: _clock_rule(sla.clocks.of(clock), sla) for clock in SlaClock},
        pauses={pause.hold: PauseRule(frozenset(pause.clocks), pause.at_most) for pause in sla.pauses},
        calendars={entry.code: WorkingTime(calendar_of(entry, calendars.version)) for entry in calendars.calendars},
        calendar_of_agency={agency.code: agency.calendar for agency in directory.agencies},
        vacant=_vacant_posts(directory),
    )


def _faults_of_agencies(policy_dir: Path, directory: AgencyDirectory, calendars: list[str]) -> list[PolicyFault]:
    lost = [
        (index, agency.calendar) for index, agency in enumerate(directory.agencies) if agency.calendar not in calendars
    ]
    if not lost:
        return []
    source = load_sourced(policy_dir / AGENCIES_FILE, AgencyFile)[1]
    return [
        source.fault(("agencies", index, "calendar"), unknown("calendar", code, calendars, CALENDARS_FILE))
        for index, code in lost
    ]


def _vacant_posts(directory: AgencyDirectory) -> frozenset[Post]:
    of_agencies = {Post(post, agency.code) for agency in directory.agencies for post in agency.vacant}
    return frozenset(of_agencies | {Post(officer.role) for officer in directory.officers if officer.vacant})


def _clock_rule(entry: ClockEntry, sla: SlaFile) -> ClockRule:
    """Return how one clock runs; what an agency must do is timed on its own calendar unless another is named."""
    return ClockRule(
        allowances=entry.allowances,
        warn_at_percent=entry.warn_at_percent,
        escalation=tuple(level.value for level in sla.ladders[entry.ladder]) if entry.ladder else (),
        calendar=entry.calendar or (None if entry.owner == "agency" else DEFAULT_CALENDAR),
    )


def _version_of(sla: SlaFile) -> str:
    """Return the version that the file states, with eight digits that change when anything in it changes."""
    return f"{sla.version}+{hashlib.sha256(repr(sla).encode()).hexdigest()[:8]}"
