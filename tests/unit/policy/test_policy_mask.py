"""`tindak policy mask` says what is covered and why; for scripts it repeats nothing of what it covers."""

import json

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import POLICY
from tindak.cli import app_for

pytestmark = pytest.mark.policy

TEXT = "Ｎama saya Jarwo, nik 3674 0141 0190 0001, hub 0812-3456-7890; harga Rp 1.500.000"


def run(*arguments: str, given: str | None = None) -> Result:
    typed = ["policy", "mask", *arguments, "--policy", str(POLICY)]
    return CliRunner().invoke(app_for(typed), typed, input=given)


def test_each_identity_is_told_with_its_place_score_and_recogniser() -> None:
    shown = run(TEXT).stdout.splitlines()

    assert shown[0] == "Ｎama saya [nama], nik [NIK], hub [telepon]; harga Rp 1.500.000"
    assert [line.split()[:4] for line in shown[1:]] == [
        ["10-15", "nama", "0.9", "people"],
        ["21-40", "NIK", "0.995", "national_id"],
        ["46-60", "telepon", "0.995", "telephone"],
    ]
    assert shown[2].endswith("its form, the check of its digits, a word nearby")


def test_scripts_get_places_in_the_text_as_it_was_written() -> None:
    told = json.loads(run("-", "--json", given=f"{TEXT}\n").stdout)

    assert told["text"] == "Ｎama saya [nama], nik [NIK], hub [telepon]; harga Rp 1.500.000"
    assert [TEXT[one["start"] : one["end"]] for one in told["found"]] == [
        "Jarwo",
        "3674 0141 0190 0001",
        "0812-3456-7890",
    ]
    assert set(told["found"][1]) == {"entity", "start", "end", "score", "recogniser", "reason"}
    assert (told["found"][1]["entity"], told["found"][1]["recogniser"]) == ("NIK", "national_id")


def test_a_text_that_names_nobody_is_shown_as_it_is() -> None:
    assert run("Jalan rusak di depan SDN 01.").stdout == "Jalan rusak di depan SDN 01.\n"
