import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.routing.classifier.model_file import MANIFEST, save
from services.routing.domain.agency_choice.prediction import Question
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.text_model import RANKED_MAX, load_model
from services.routing.training.fitting import Examples
from services.routing.training.learning import train
from shared.events import DecidedBy, Location
from tests.unit.routing.agency_choice.test_model_step import verdict
from tests.unit.routing.samples import POLICY, report
from tindak.cli import app_for

pytestmark = pytest.mark.learning

SHIPPED = Path(__file__).parents[2] / "policy"
WORDS = {
    "dishub": "lampu padam gelap tiang bohlam",
    "dlh": "sampah bau truk lalat busuk",
    "dinkes": "dokter obat antre",
}
RARE = ("perpustakaan buku pinjam", "dispusip")


def taught(directory: Path, **options: Any) -> Path:
    """Return a directory with a model that has learned three agencies well and one hardly."""
    rows = [
        (f"{words} nomor {number} {words.split()[number % 3]}", agency)
        for number in range(60)
        for agency, words in WORDS.items()
    ]
    rows = [*[(RARE[0] + f" {number}", RARE[1]) for number in range(8)], *rows]
    places = [{"kecamatan": "Ciputat" if number % 2 else "Setu"} for number in range(len(rows))]
    examples = Examples([text for text, _ in rows], places, [agency for _, agency in rows])
    save(directory, *train(examples, **options), {})
    return directory


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taught(tmp_path_factory.mktemp("model"))


def question(body: str) -> Question:
    place = Location(text="Jl. Merpati", kelurahan="Sarua", kecamatan="Ciputat")
    return Question(report(title="Lapor", body=body, location=place), "lainnya")


def test_each_request_gets_the_prediction_for_its_own_text(directory: Path) -> None:
    model = load_model(directory)

    predictions = model.suggest(
        [question("gelap, bohlam padam"), question("sampah bau busuk"), question("obat dokter")]
    )

    assert [prediction.ranking[0][0] for prediction in predictions] == ["dishub", "dlh", "dinkes"]
    assert all(len(prediction.ranking) <= RANKED_MAX for prediction in predictions)
    assert {(prediction.model, prediction.precision) for prediction in predictions} == {(model.name, 0.95)}
    assert len(model.name) == 12


def test_no_requests_get_no_predictions(directory: Path) -> None:
    assert load_model(directory).suggest([]) == []


def test_the_cascade_routes_by_a_real_model_where_no_rule_matches(directory: Path) -> None:
    model = load_model(directory)
    (prediction,) = model.suggest([question("bohlam padam, gelap")])

    decided = verdict(prediction, "bohlam padam, gelap", policy=POLICY)

    assert prediction.threshold is not None
    assert prediction.ranking[0][1] >= prediction.threshold
    assert isinstance(decided, Chosen)
    assert (decided.agency, decided.decided_by) == ("dishub", DecidedBy.MODEL)
    assert decided.explanation[-1].rule == model.name


def test_an_agency_with_few_examples_has_no_threshold(directory: Path) -> None:
    (prediction,) = load_model(directory).suggest([question("perpustakaan buku pinjam")])

    assert (prediction.ranking[0][0], prediction.threshold) == ("dispusip", None)


def test_a_model_that_was_changed_is_refused_in_one_sentence(tmp_path: Path) -> None:
    manifest = taught(tmp_path) / MANIFEST
    manifest.write_text(manifest.read_text().replace("dishub", "dlhhub"))

    with pytest.raises(ValueError, match="was changed after training"):
        load_model(tmp_path)


def test_a_model_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="train a model there first"):
        load_model(tmp_path)


def test_a_model_explains_what_the_rules_leave_open(directory: Path) -> None:
    report = ("--text", "bohlam padam, gelap", "--title", "Lapor", "--kelurahan", "Sarua")

    told = CliRunner().invoke(
        app_for(["policy", "explain"]),
        ["policy", "explain", "--json", "--policy", str(SHIPPED), "--model", str(directory), *report],
    )

    found = json.loads(told.stdout)
    assert (found["outcome"], found["agency"], found["decided_by"]) == ("routed", "dishub", "model")
