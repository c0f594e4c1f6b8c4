"""Reads where sensitive.yaml sends each kind of sensitive report; by what they are recognised is intake's to read."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from services.routing.domain.agency_choice.rules import Officer, OfficerRole, SensitiveKind
from shared.events import Code, Priority
from shared.events.base import Short
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.loading import PolicyFault, PolicyModel, Source, unknown

SENSITIVE_FILE = "sensitive.yaml"


class KindEntry(PolicyModel):
    """Where a kind of sensitive report goes."""

    model_config = ConfigDict(extra="ignore")

    code: Code
    agency: Code
    officer: Code | None = None
    priority: Priority = Priority.EMERGENCY
    advice_id: Short | None = None
    advice_en: Short | None = None


class SensitiveFile(PolicyModel):
    """What routing reads of sensitive.yaml."""

    model_config = ConfigDict(extra="ignore")

    kinds: Annotated[tuple[KindEntry, ...], Field(min_length=1)]

    def value(self) -> Mapping[str, SensitiveKind]:
        """Return the kinds by code."""
        return {
            kind.code: SensitiveKind(kind.agency, kind.officer, kind.priority, kind.advice_id, kind.advice_en)
            for kind in self.kinds
        }


def faults_of_sensitive(
    held: SensitiveFile, source: Source, agencies: Collection[str], officers: Mapping[str, Officer], officers_file: str
) -> Iterator[PolicyFault]:
    """Yield each agency and officer that does not exist, and each officer who may not look after the reports."""
    for index, kind in enumerate(held.kinds):
        place = ("kinds", index)
        officer = officers.get(kind.officer or "")
        if kind.officer is not None and officer is None:
            yield source.fault((*place, "officer"), unknown("officer", kind.officer, officers, officers_file))
        if kind.agency not in agencies:
            yield source.fault((*place, "agency"), unknown("agency", kind.agency, agencies, AGENCIES_FILE))
        elif officer is not None and officer.role is not OfficerRole.TRIAGE and kind.agency not in officer.agencies:
            sentence = f"the officer `{kind.officer}` does not act for `{kind.agency}`, to which `{kind.code}` goes"
            yield source.fault((*place, "officer"), sentence)
        if (kind.advice_id is None) is not (kind.advice_en is None):
            yield source.fault(place, f"`{kind.code}` advises in one language only; give `advice_id` and `advice_en`")
