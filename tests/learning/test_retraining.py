import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.routing.classifier.model_file import load
from services.routing.training.fitting import Examples
from services.routing.training.overlap import count_known
from tests.learning.test_text_model import WORDS, taught
from tindak.console import Failure
from tindak.model.corrections_cli import retrain_command
from tindak.model.retraining import Score, TooFew, named, retrain, worse

pytestmark = pytest.mark.learning

SHIPPED = Path(__file__).parents[2] / "policy"
NEW = ("bioskop film tiket kursi layar", "dispar")  # a matter that only corrections know
Row = tuple[str, str]


def reports(
    count: int, matters: Sequence[Row] = tuple((words, agency) for agency, words in WORDS.items())
) -> list[Row]:
    return [(f"{words} nomor {n} {words.split()[n % 3]}", agency) for n in range(count) for words, agency in matters]


def examples(rows: Sequence[Row]) -> Examples:
    return Examples([text for text, _ in rows], [{} for _ in rows], [agency for _, agency in rows])


KNOWN, CORRECTED = reports(60), reports(40, [NEW])


def test_a_model_that_learned_from_corrections_is_measured_on_reports_that_neither_has_seen() -> None:
    found = retrain(examples(KNOWN), examples(CORRECTED), precision=0.95, seed=0)

    assert (found.before.rows, found.after.rows) == (44, 44)  # a fifth of each
    assert found.before.top1 == pytest.approx(36 / 44)
    assert found.after.top1 == 1
    assert found.refused_because is None
    assert "dispar" in found.model.agencies
    assert found.summary.rows == len(KNOWN) + len(CORRECTED)


def test_of_a_corrected_report_the_correction_counts() -> None:
    wrong = [(text, "dinkes") for text, _ in CORRECTED]

    found = retrain(examples([*wrong, *KNOWN]), examples(CORRECTED), precision=0.95, seed=0)

    assert found.summary.counts == {"dinkes": 60, "dishub": 60, "dlh": 60, "dispar": 40}


def test_corrections_that_make_it_worse_are_refused() -> None:
    """Somebody assigned half of the lamps to another agency, at random."""
    muddled = [(f"{WORDS['dishub']} nomor {n} lampu", "dlh" if n % 2 else "dinkes") for n in range(400)]

    found = retrain(examples(KNOWN), examples([*muddled[:320], *reports(80)[:80]]), precision=0.95, seed=0)

    assert found.refused_because is not None
    assert found.after.top1 < found.before.top1


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [
        (Score(100, 0.80, 0.5, 0.96), Score(100, 0.80, 0.5, 0.96), False),
        (Score(100, 0.80, 0.5, 0.96), Score(100, 0.79, 0.6, 0.99), True),
        (Score(100, 0.80, 0.5, 0.96), Score(100, 0.81, 0.5, 0.94), True),
        (Score(100, 0.80, 0.5, 0.93), Score(100, 0.80, 0.5, 0.94), False),
        (Score(100, 0.80, 0.5, 0.96), Score(100, 0.80, 0.0, None), False),
        (Score(100, 0.80, 0.0, None), Score(100, 0.80, 0.2, 0.90), False),
    ],
)
def test_worse_is_what_finds_fewer_or_routes_more_of_them_wrongly(before: Score, after: Score, is_worse: bool) -> None:
    assert (worse(before, after, 0.95) is not None) is is_worse


@pytest.mark.parametrize("corrected", [[], CORRECTED[:4]])
def test_too_few_corrections_give_no_verdict(corrected: list[Row]) -> None:
    with pytest.raises(TooFew, match="are left to measure on"):
        retrain(examples(KNOWN[:30]), examples(corrected), precision=0.95, seed=0)


def test_agencies_go_by_their_codes_whatever_a_file_calls_them() -> None:
    told = named(examples([("a", "Dinas  Perhubungan"), ("b", "DISHUB"), ("c", "other")]), {
        "dinas perhubungan": "dishub", "dishub": "dishub",
    })  # fmt: skip

    assert list(told.agencies) == ["dishub", "dishub", "other"]


def written(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("text", "agency"), *rows])
    return path


def run(tmp_path: Path, corrected: Sequence[Row], *options: str) -> Result:
    app = typer.Typer()
    app.command()(retrain_command)
    known = written(tmp_path / "known.csv", KNOWN)
    corrections = written(tmp_path / "corrections.csv", corrected)
    arguments = [known, "--corrections", corrections, "--model", tmp_path / "model", "--policy", SHIPPED, *options]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_better_model_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    taught(tmp_path / "model")

    result = run(tmp_path, CORRECTED, "--json")

    told: dict[str, Any] = json.loads(result.stdout)
    model, manifest = load(tmp_path / "model")
    assert (result.exit_code, told["replaced"], told["hash"]) == (0, True, manifest["hash"])
    assert told["after"]["top1"] > told["before"]["top1"]
    assert "dispar" in model.agencies
    known = [text for text, _ in (*KNOWN, *CORRECTED)]
    assert count_known(known, manifest["training"]["text_digests"]) == len(known)


def test_a_worse_model_is_refused_and_the_old_one_kept(tmp_path: Path) -> None:
    before = load(taught(tmp_path / "model"))[1]["hash"]
    muddled = [(f"{WORDS['dishub']} nomor {n} lampu", "dlh" if n % 2 else "dinkes") for n in range(320)]

    result = run(tmp_path, [*muddled, *reports(80)[:80]])

    assert result.exit_code == 1
    assert "The model in use is kept: " in result.stdout
    assert load(tmp_path / "model")[1]["hash"] == before


def test_too_few_reports_are_refused_in_one_sentence(tmp_path: Path) -> None:
    result = run(tmp_path, [])

    assert isinstance(result.exception, Failure)
