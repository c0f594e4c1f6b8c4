"""What the shipped sensitive.yaml recognises, measured by invented reports in many ways to write."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.sensitive_policy import load_sensitive
from shared.text import fold
from tests.unit.policy.everyday_reports import REPORTS as EVERYDAY

pytestmark = pytest.mark.policy

HERE = Path(__file__).parent / "sensitive"
RULES = load_sensitive(Path(__file__).parents[3] / "policy")
REPORTS = [
    (row["kind"], row["text"])
    for row in csv.DictReader((HERE / "reports.csv").read_text(encoding="utf-8").splitlines())
]
ORDINARY = (HERE / "ordinary.txt").read_text(encoding="utf-8").splitlines()
TRAINING = Path(__file__).parents[3] / "policy" / "training" / "tangsel.csv"
ABOUT_PEOPLE = {"dp3ap2kb", "dikbud", "inspektorat", "disnaker"}


def kind_of(text: str) -> str | None:
    recognised, _ = RULES.read(fold(text))
    return recognised.kind if recognised else None


def wishes(text: str) -> tuple[bool, bool]:
    """Return whether a text asks for anonymity, and for confidence."""
    _, asked = RULES.read(fold(text))
    return asked.anonymous, asked.confidential


def training() -> Iterator[tuple[str, str]]:
    with TRAINING.open(encoding="utf-8", newline="") as file:
        yield from ((row["text"], row["agency"]) for row in csv.DictReader(file))


def test_there_are_enough_reports_to_measure_by() -> None:
    assert len(REPORTS) >= 150
    assert len(ORDINARY) >= 300


def test_nine_of_ten_sensitive_reports_are_recognised() -> None:
    missed = [text for _, text in REPORTS if kind_of(text) is None]

    assert len(missed) <= len(REPORTS) / 10, missed


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in REPORTS}))
def test_no_kind_is_left_out(kind: str) -> None:
    texts = [text for one, text in REPORTS if one == kind]

    assert sum(kind_of(text) is not None for text in texts) >= 0.8 * len(texts)


def test_at_most_one_of_a_hundred_ordinary_reports_is_taken_for_sensitive() -> None:
    taken = [(kind, text) for text in ORDINARY if (kind := kind_of(text))]

    assert len(taken) <= len(ORDINARY) / 100, taken


def test_of_ordinary_reports_none_asks_not_to_be_named() -> None:
    assert [text for text in ORDINARY if any(wishes(text))] == []


def test_of_the_reports_that_the_model_learns_from_only_those_of_a_few_agencies_are_sensitive() -> None:
    taken = [(agency, text) for text, agency in training() if kind_of(text)]

    others = [one for one in taken if one[0] not in ABOUT_PEOPLE]
    assert 50 <= len(taken) <= 200
    assert len(others) <= 20, others


def test_of_everyday_reports_those_are_sensitive_that_tell_of_violence_or_bribes() -> None:
    found = {agency for agency, text in EVERYDAY if kind_of(text)}

    assert found == {"dikbud", "dp3ap2kb", "inspektorat"}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Lampu mati, tolong rahasiakan saya", (True, True)),
        ("Jalan rusak. Mohon identitas saya dirahasiakan ya", (True, True)),
        ("tlg rhsiakan nama sy min", (True, True)),
        ("Tolong rahasiakan laporan ini", (False, True)),
        ("Mohon laporan ini dirahasiakan", (False, True)),
        ("Laporan ini jangan disebarkan", (False, True)),
        ("Jangan sebut nama saya", (True, False)),
        ("jgn sebutkan nama sy ke pak RT", (True, False)),
        ("Saya ingin anonim", (True, False)),
        ("please keep me anonymous", (True, False)),
        ("Please keep this confidential", (False, True)),
        ("Kenapa anggaran dirahasiakan dari kami?", (False, False)),
        ("Nama saya salah di KTP", (False, False)),
    ],
)
def test_what_a_reporter_asks_for_in_words_is_heard(text: str, asked: tuple[bool, bool]) -> None:
    assert wishes(text) == asked
