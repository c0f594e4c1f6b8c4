"""Turns sla.yaml, calendars.yaml and the agency directory into the rules of the clocks; decides nothing itself."""

import hashlib
from pathlib import Path

from services.sla.calendar_files import CALENDARS_FILE, CalendarFile, calendar_of, faults_of_calendars
from services.sla.domain.rules import DEFAULT_CALENDAR, ClockRule, PauseRule, Post, Rung, SlaRules
from services.sla.domain.working_time import WorkingTime
from services.sla.policy_files import SLA_FILE, ClockEntry, RungEntry, SlaFile, faults_of_sla, faults_of_vacancies
from shared.events import SlaClock
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory, AgencyFile, load_agencies
from shared.policy.loading import PolicyFault, PolicyInvalid, load_sourced, unknown


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
        version=version_of(sla),
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
        ladder=tuple(map(_rung_of, sla.ladders[entry.ladder])) if entry.ladder else (),
        calendar=entry.calendar or (None if entry.owner == "agency" else DEFAULT_CALENDAR),
    )


def _rung_of(entry: RungEntry) -> Rung:
    return Rung(
        level=entry.level,
        responsible=entry.responsible,
        after=entry.after_breach or entry.after_start,
        from_start=entry.after_start is not None,
        clocks=frozenset(entry.clocks or SlaClock),
    )


def version_of(sla: SlaFile) -> str:
    """Return the version that the file states, with eight digits that change when anything in it changes."""
    return f"{sla.version}+{hashlib.sha256(repr(sla).encode()).hexdigest()[:8]}"
