import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared.policy.loading import version_of
from tindak.cli import app_for
from tindak.console import Failure

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        app_for(["policy", "explain"]), ["policy", "explain", "--policy", str(SHIPPED), *arguments]
    )


def told(*arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("--json", *arguments).stdout)
    return found


def test_a_report_is_explained_by_agency_rules_and_policy() -> None:
    result = run("--text", "lmpu jln mti di gg masjid serua")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("Routed to Dinas Perhubungan (dishub), decided by rule, confidence ")
    assert lines[1] == "Priority normal; complaint; place Sarua, Ciputat; category none."
    assert any(" rule " in line and "lampu jalan" in line for line in lines)
    assert lines[-1] == f"Policy {version_of(SHIPPED)}."


def test_an_officer_s_question_is_explained_with_what_is_offered_and_why() -> None:
    result = run("--text", "Jembatan rusak, lampu jalan mati, dan KTP saya belum jadi.")

    assert result.stdout.startswith("An officer decides: several_matters.\n  part     dsdabmbk ")
    assert "\n  offered  " in result.stdout
    assert "several matters: dsdabmbk, dishub, disdukcapil" in result.stdout


def test_a_report_outside_the_city_is_explained_as_to_the_reporter() -> None:
    assert "The reporter is told: Electricity supply" in run("--text", "Listrik padam di Pamulang sejak pagi").stdout


def test_place_category_and_choice_count_as_they_do_live() -> None:
    found = told(
        "--text", "Mohon dibantu ya pak", "--title", "Pelayanan", "--kelurahan", "pondok betung",
        "--category", "SURAT KETERANGAN TEMPAT TINGGAL / DOMISILI",
    )  # fmt: skip

    assert (found["outcome"], found["agency"]) == ("routed", "kec_pondok_aren")
    assert told("--text", "Mohon dibantu ya pak", "--agency", "dlh")["decided_by"] == "requested"


def test_reading_the_policy_and_routing_show_their_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tindak.waiting.LINE_EVERY_SECONDS", 0)

    result = run("--text", "lmpu jln mti di gg masjid serua")

    assert result.stderr == "Reading the policy: 1 of 1 ...\nRouting reports: 1 of 1 ...\n"


def test_json_holds_the_event_fields_and_no_ticket() -> None:
    found = told("--text", "Ada api membesar di gudang, hubungi 081234567890", "--place", "Jl. Merpati")

    assert found["policy_version"] == version_of(SHIPPED)
    assert found["priority"] == "emergency"
    assert found["report"] == {
        "anonymous": False,
        "confidential": False,
        "title": "Ada api membesar di gudang, hubungi [telepon]",
        "body": "Ada api membesar di gudang, hubungi [telepon]",
        "category": None,
        "location": {"text": "Jl. Merpati", "kelurahan": None, "kecamatan": None, "latitude": None, "longitude": None},
        "target_agency": None,
        "missing": [],
        "flags": ["possible_emergency"],
    }
    assert {"ticket_id", "tracking_id", "at", "version"}.isdisjoint(found)


def test_it_says_why_a_report_is_sensitive_and_where_it_goes() -> None:
    text = "Anak tetangga dipukuli tiap hari oleh ayahnya, tolong rahasiakan saya"

    result, found = run("--text", text), told("--text", text)

    assert "Sensitive, child_abuse: rule child-beaten holds for `anak tetangga dipukuli`;" in result.stdout
    assert found["sensitive"] == {"kind": "child_abuse", "rule": "child-beaten", "words": "anak tetangga dipukuli"}
    assert (found["agency"], found["priority"], found["priority_reason"]) == ("dp3ap2kb", "emergency", "sensitive")


def test_a_report_that_intake_refuses_is_explained_by_its_reasons() -> None:
    result = run("--text", "test test")

    assert result.exit_code == 1
    assert result.stdout.startswith("Refused: The report is only test words")
    assert [reason["code"] for reason in told("--text", "test")["reasons"]] == ["spam"]  # type: ignore[attr-defined]


def test_what_no_channel_could_submit_is_wrong_usage() -> None:
    result = run("--text", "x", "--classification", "rant")

    assert result.exit_code == 2
    assert "classification: Input should be" in result.stderr


def test_a_missing_policy_is_reported_in_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app_for(["policy", "explain"]), ["policy", "explain", "--policy", str(tmp_path / "gone"), "--text", "x"]
    )

    assert isinstance(result.exception, Failure)


def test_an_unusable_model_is_reported_in_one_sentence(tmp_path: Path) -> None:
    result = run("--text", "Lampu jalan mati", "--model", str(tmp_path / "gone"))

    assert isinstance(result.exception, Failure)
    assert "train a model there first" in str(result.exception)
