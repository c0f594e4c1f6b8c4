import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tindak.console import Failure
from tindak.policy.check import check
from tindak.policy.cli import app

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return a copy of the shipped policy that a test may spoil."""
    return shutil.copytree(SHIPPED, tmp_path / "policy")


def spoil(file: Path, old: str, new: str) -> str:
    """Replace the first *old* in *file* by *new* and return the place as a fault names it."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return f"{file}:{text.partition(old)[0].count(chr(10)) + 1}"


def faults(policy: Path) -> list[str]:
    return [str(fault) for fault in check(policy).faults]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_every_reference_that_leads_nowhere_is_told_with_file_line_and_the_nearest_name(policy: Path) -> None:
    rule = spoil(policy / "routing.yaml", "agency: dsdabmbk", "agency: dsdabmk")
    category = spoil(policy / "categories.yaml", "outside: electricity", "outside: electric")
    calendar = spoil(policy / "sla.yaml", "calendar: default", "calendar: defualt")
    event = spoil(policy / "notices.yaml", "on: tindak.ticket.routed.v1", "on: tindak.ticket.rooted.v1")
    role = spoil(policy / "notices.yaml", "to: [mayor]", "to: [major]")
    name = spoil(policy / "notices" / "closed.id.j2", "{{ tracking_id }}", "{{ tracking_i }}")
    district = spoil(policy / "agencies.yaml", "kecamatan: Setu", "kecamatan: Seti")
    office = spoil(policy / "places.yaml", "  - name: Setu", "  - name: Setu")

    told = run(str(policy))

    assert told.exit_code == 1
    assert sorted(told.stdout.splitlines()) == sorted(
        [
            f"{rule}: agency `dsdabmk` is not in agencies.yaml; did you mean `dsdabmbk`?",
            f"{category}: reason `electric` is not in outside_reasons; did you mean `electricity`?",
            f"{calendar}: calendar `defualt` is not in calendars.yaml; did you mean `default`?",
            f"{event}: event `tindak.ticket.rooted.v1` is not in the events that notify hears;"
            " did you mean `tindak.ticket.routed.v1`?",
            f"{role}: role `major` is not in agencies.yaml; did you mean `mayor`?",
            f"{name}: `tracking_i` is nothing that a template is given; did you mean `tracking_id`?",
            f"{district}: kecamatan `Seti` is not in places.yaml; did you mean `Setu`?",
            f"{office}: kecamatan `Setu` has no office in agencies.yaml",
        ]
    )


def test_files_that_nobody_reads_and_texts_that_do_not_work_are_told(policy: Path) -> None:
    texts = policy / "notices"
    (policy / "rooting.yaml").write_text("version: 1\n")
    (texts / "clsoed.id.j2").write_text("Halo\n\nHalo\n")
    (texts / "closed.id.j2").write_text("Laporan selesai\nTerima kasih.\n")
    (texts / "merged.id.j2").write_text("Laporan selesai\n\nNilai {{ rating + 1 }}.\n")
    (texts / "archived.id.j2").write_text("Laporan {{ tracking_id }}\n\nNilai: {{ rating }}, alasan: {{ reason }}.\n")
    (texts / "withdrawn.id.j2").write_text("{% if rating %}Selesai{% endif %}\n\nTerima kasih.\n")

    told = faults(policy)

    failing = next(fault for fault in told if "merged" in fault)
    assert failing.startswith(f"{texts / 'merged.id.j2'}:1: this text cannot be rendered: ")
    assert sorted(told) == sorted(
        [
            f"{policy / 'rooting.yaml'}:1: file `rooting.yaml` is not in what the services read;"
            " did you mean `routing.yaml`?",
            f"{texts / 'clsoed.id.j2'}:1: no notice of notices.yaml uses this text",
            f"{texts / 'closed.id.j2'}:2: the line below the subject must be empty",
            failing,
            f"{texts / 'archived.id.j2'}:1: this text says `None` where something is not told;"
            " that may be so for `rating`",
            f"{texts / 'withdrawn.id.j2'}:1: subject or text is empty",
        ]
    )


def test_an_escalation_of_which_nobody_is_told_is_a_fault_of_its_ladder(policy: Path) -> None:
    spoil(policy / "notices.yaml", "to: [mayor]", "to: [regional_secretary]")
    lines = (policy / "sla.yaml").read_text().splitlines()

    told = faults(policy)

    rungs = [number for number, line in enumerate(lines, 1) if "responsible: mayor" in line]
    assert told == [
        f"{policy / 'sla.yaml'}:{line}: no notice of notices.yaml tells `mayor` of level 4" for line in rungs
    ]
    assert len(told) == 2


def test_a_file_that_cannot_be_used_does_not_hide_the_faults_of_the_others(policy: Path) -> None:
    margin = spoil(policy / "routing.yaml", "margin: 1", "margin: one")
    (policy / "places.yaml").write_text("city: [\n")

    told = faults(policy)

    assert told == [
        f"{policy / 'places.yaml'}:2: this is not YAML: did not find expected node content",
        f"{margin}: `margin` must be a valid integer, not `one`",
    ]


def test_a_sound_policy_is_one_line_with_counts_and_version(policy: Path) -> None:
    told = run(str(policy))

    assert told.exit_code == 0
    assert told.stdout.count("\n") == 1
    assert told.stdout.startswith(f"Policy {check(policy).version} is sound: 39 agencies, 7 kecamatan, 54 kelurahan, ")


def test_json_tells_version_counts_and_faults(policy: Path) -> None:
    spoil(policy / "places.yaml", "city:", "town:")

    told = json.loads(run(str(policy), "--json").stdout)

    file = str(policy / "places.yaml")
    assert told == {
        "version": check(policy).version,
        "counts": {},
        "faults": [
            {"file": file, "line": 1, "sentence": "`city` is missing"},
            {"file": file, "line": 4, "sentence": "`town` is not a known field"},
        ],
    }


def test_a_directory_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    told = run(str(tmp_path / "nowhere"))

    assert isinstance(told.exception, Failure)
    assert "is no directory" in str(told.exception)
