"""Where sensitive.yaml sends reports must exist, and who looks after them must have the right to."""

import shutil
from pathlib import Path

import pytest

from services.routing.domain.agency_choice.rules import SensitiveKind
from services.routing.policy import load_routing
from shared.events import Priority
from shared.policy.loading import PolicyInvalid
from tests.conftest import POLICY as SHIPPED

pytestmark = pytest.mark.unit

KINDS = """
kinds:
  - {code: violence, agency: dishub, officer: street_desk, priority: high, advice_id: Ke 112., advice_en: Call 112.}
  - {code: threat, agency: dlh, officer: triage, rules: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "policy"))
    (folder / "sensitive.yaml").write_text(KINDS, encoding="utf-8")
    return folder


def test_each_kind_has_an_agency_an_officer_a_priority_and_advice(folder: Path) -> None:
    assert load_routing(folder).sensitive == {
        "violence": SensitiveKind("dishub", "street_desk", Priority.HIGH, "Ke 112.", "Call 112."),
        "threat": SensitiveKind("dlh", "triage", Priority.EMERGENCY),
    }


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("agency: dishub", "agency: dishup", ":3: agency `dishup` is not in agencies.yaml; did you mean `dishub`?"),
        ("street_desk", "stret_desk", ":3: officer `stret_desk` is not in officers.yaml; did you mean `street_desk`?"),
        ("agency: dishub", "agency: dinsos",
         ":3: the officer `street_desk` does not act for `dinsos`, to which `violence` goes"),
        (", advice_en: Call 112.", "", ":3: `violence` advises in one language only; give `advice_id` and `advice_en`"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_a_fault_of_its_line(folder: Path, old: str, new: str, fault: str) -> None:
    path = folder / "sensitive.yaml"
    path.write_text(KINDS.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(PolicyInvalid) as invalid:
        load_routing(folder)

    assert [str(one) for one in invalid.value.faults] == [f"{path}{fault}"]


def test_the_shipped_kinds_are_urgent_and_each_has_an_officer_and_advice() -> None:
    kinds = load_routing(SHIPPED).sensitive

    assert {kind.priority for kind in kinds.values()} == {Priority.EMERGENCY}
    assert all(kind.officer and kind.advice_id and kind.advice_en for kind in kinds.values())
    assert (kinds["child_abuse"].agency, kinds["whistle_blowing"].agency) == ("dp3ap2kb", "inspektorat")
