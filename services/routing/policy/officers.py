"""Reads officers.yaml: who may act as an officer, as what, and for which agencies."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from services.routing.domain.agency_choice.rules import Officer, OfficerRole
from shared.events import Code
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.loading import Loc, PolicyFault, PolicyModel, Source, load, unknown

OFFICERS_FILE = "officers.yaml"


class OfficerEntry(PolicyModel):
    """An officer as it stands in the file."""

    code: Code
    role: OfficerRole
    agencies: tuple[Code, ...] = ()
    privacy: bool = False


class OfficerFile(PolicyModel):
    """The shape of officers.yaml."""

    version: PositiveInt = 1
    officers: Annotated[tuple[OfficerEntry, ...], Field(min_length=1)]

    def value(self) -> Mapping[str, Officer]:
        """Return the officers by code."""
        return {entry.code: Officer(entry.role, frozenset(entry.agencies), entry.privacy) for entry in self.officers}


def load_officer_codes(policy_dir: Path) -> tuple[str, ...]:
    """Return the code of every officer of officers.yaml; raise PolicyInvalid with every fault of the file."""
    return tuple(entry.code for entry in load(policy_dir / OFFICERS_FILE, OfficerFile).officers)


def faults_of_officers(held: OfficerFile, source: Source, agencies: Collection[str]) -> list[PolicyFault]:
    """Return what only a look at several lines reveals: somebody given twice, unknown agencies, nothing to act for."""
    named: list[tuple[str, Loc]] = []
    for index, officer in enumerate(held.officers):
        named.append((f"the officer `{officer.code}`", ("officers", index, "code")))
        named += (
            (f"agency `{agency}` of the officer `{officer.code}`", loc) for loc, agency in _agencies(index, officer)
        )
    faults = list(source.given_twice(named))
    for index, officer in enumerate(held.officers):
        faults += [
            source.fault(loc, unknown("agency", agency, agencies, AGENCIES_FILE))
            for loc, agency in _agencies(index, officer)
            if agency not in agencies
        ]
        if officer.role is OfficerRole.AGENCY_OFFICER and not officer.agencies and not officer.privacy:
            sentence = f"the officer `{officer.code}` acts for no agency; name some in `agencies`"
            faults.append(source.fault(("officers", index), sentence))
    return faults


def _agencies(index: int, officer: OfficerEntry) -> Iterator[tuple[Loc, str]]:
    yield from ((("officers", index, "agencies", number), agency) for number, agency in enumerate(officer.agencies))
