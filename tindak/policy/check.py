"""``tindak policy check``: checks a policy with the services' loaders, and what only two files together reveal."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from services.intake.tooling import load_intake
from services.notify.tooling import NOTICES_FILE, REPORTER, TEMPLATES, NoticePolicy, load_notices
from services.routing.tooling import load_routing
from services.sla.tooling import SLA_FILE, LevelEntry, SlaFile, load_sla
from shared.events import BreachEscalated, ClockBreached
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory, load_agencies
from shared.policy.loading import PolicyFault, PolicyInvalid, load_sourced, policy_files, read, unknown, version_of
from shared.policy.places import FILE as PLACES_FILE
from shared.policy.places import Places, load_places
from shared.policy.rates import load_rates
from shared.policy.retention import load_retention
from shared.policy.topics import load_topics
from tindak.console import say, say_json
from tindak.options import AsJson
from tindak.policy.options import policy_of
from tindak.policy.texts import faults_of_texts, warnings_of_texts
from tindak.policy.warnings import warnings_of
from tindak.waiting import progress

T = TypeVar("T")
FILES = frozenset(
    {"agencies.yaml", "calendars.yaml", "categories.yaml", "channels.yaml", "everyday_words.txt", "identities.yaml"}
    | {
        "gateways.yaml",
        "intake.yaml",
        "notices.yaml",
        "officers.yaml",
        "pages.yaml",
        "places.yaml",
        "rates.yaml",
        "receipts.yaml",
        "retention.yaml",
        "routing.yaml",
        "sending.yaml",
        "sensitive.yaml",
        "sla.yaml",
        "topics.yaml",
    }
)
OMBUDSMAN = "ombudsman"  # outside the city and not written to: the reporter learns that the Ombudsman may be asked


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: every fault, or how much there is and what cannot be meant."""

    version: str
    counts: Mapping[str, int]
    faults: tuple[PolicyFault, ...] = ()
    warnings: tuple[PolicyFault, ...] = ()


def check_command(
    directory: Annotated[Path, typer.Argument(envvar="TINDAK_POLICY_DIR", help="Holds the files.")] = Path("policy"),
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate every file as the services do; print the place and sentence of faults (exit 1) and warnings (exit 0)."""
    with progress("Checking the policy", 1) as advance:
        found = check(policy_of(directory))
        advance(1)
    if as_json:
        faults, warnings = ([asdict(one) for one in those] for those in (found.faults, found.warnings))
        say_json({"version": found.version, "counts": dict(found.counts), "faults": faults, "warnings": warnings})
    elif found.faults:
        say("\n".join(map(str, found.faults)))
    else:
        for one in found.warnings:
            say(f"{one.file}:{one.line}: warning: {one.sentence}")
        counts = ", ".join(f"{number} {what}" for what, number in found.counts.items())
        say(f"Policy {found.version} {_verdict(len(found.warnings), strict=strict)}: {counts}.")
    raise typer.Exit(1 if found.faults or (strict and found.warnings) else 0)


def _verdict(warnings: int, *, strict: bool) -> str:
    if not warnings:
        return "is sound"
    counted = "1 warning" if warnings == 1 else f"{warnings} warnings"
    return f"is refused by --strict for {counted}" if strict else f"is sound, with {counted}"


def check(policy_dir: Path) -> Checked:
    """Return everything that is wrong with the policy below *policy_dir*, as the services would find it at start."""
    faults: list[PolicyFault] = []

    def attempt(load: Callable[[Path], T]) -> T | None:
        try:
            return load(policy_dir)
        except PolicyInvalid as invalid:
            faults.extend(invalid.faults)
            return None

    directory, places = attempt(load_agencies), attempt(load_places)
    intake, rates, topics = attempt(load_intake), attempt(load_rates), attempt(load_topics)
    attempt(load_retention)
    routing, sla, notices = attempt(load_routing), attempt(load_sla), attempt(load_notices)
    faults += _strays(policy_dir)
    if directory and places:
        faults += _district_faults(policy_dir, directory, places)
    if notices:
        faults += faults_of_texts(policy_dir / TEMPLATES, notices)
    if sla and notices:
        faults += _escalation_faults(policy_dir, notices)
    if faults or not (directory and places and intake and rates and topics and routing and sla and notices):
        return Checked(version_of(policy_dir), {}, PolicyInvalid(faults).faults)
    counts = {
        "agencies": len(directory.codes),
        "kecamatan": len(places.kecamatan),
        "kelurahan": len(places.kelurahan),
        "channels": len(intake.channels),
        "officers": len(routing.officers),
        "categories": len({category.code for category in routing.categories.values()}),
        "rules": len(routing.rulebook.rules),
        "sensitive kinds": len(routing.sensitive),
        "non-report rules": len(intake.non_reports.rules),
        "clocks": len(sla.clocks),
        "calendars": len(sla.calendars),
        "notices": len(notices.rules.notices),
    }
    warnings = (*warnings_of(policy_dir, directory, routing), *warnings_of_texts(policy_dir / TEMPLATES, notices))
    return Checked(version_of(policy_dir), counts, warnings=warnings)


def _strays(policy_dir: Path) -> Iterator[PolicyFault]:
    for path in policy_files(policy_dir):
        if path.parent == policy_dir and path.name not in FILES:
            yield PolicyFault(str(path), 1, unknown("file", path.name, FILES, "what the services read"))


def _district_faults(policy_dir: Path, directory: AgencyDirectory, places: Places) -> Iterator[PolicyFault]:
    names = [place.kecamatan for place in places.kecamatan]
    source = read(policy_dir / PLACES_FILE)
    for index, name in enumerate(names):
        if directory.of_kecamatan(name) is None:
            sentence = f"kecamatan `{name}` has no office in {AGENCIES_FILE}"
            yield source.fault(("kecamatan", index, "name"), sentence)
    source = read(policy_dir / AGENCIES_FILE)
    for index, agency in enumerate(directory.agencies):
        if agency.kecamatan is not None and agency.kecamatan not in names:
            loc = ("agencies", index, "kecamatan")
            yield source.fault(loc, unknown("kecamatan", agency.kecamatan, names, PLACES_FILE))


def _escalation_faults(policy_dir: Path, notices: NoticePolicy) -> Iterator[PolicyFault]:
    held, source = load_sourced(policy_dir / SLA_FILE, SlaFile)
    for name, ladder in held.ladders.items():
        for index, level in enumerate(ladder):
            roles = _notified_roles(level, notices)
            for role in (level.responsible, *level.copies) if level.responsible != OMBUDSMAN else (REPORTER,):
                if role not in roles:
                    sentence = f"no notice of {NOTICES_FILE} tells `{role}` of level {level.level}"
                    yield source.fault(("ladders", name, index), sentence)


def _notified_roles(level: LevelEntry, notices: NoticePolicy) -> frozenset[str]:
    event = ClockBreached.TYPE if level.level == 1 else BreachEscalated.TYPE
    return frozenset(
        role
        for notice in notices.rules.notices
        if notice.on == event and level.responsible in notice.when.get("responsible", (level.responsible,))
        for role in notice.to
    )
