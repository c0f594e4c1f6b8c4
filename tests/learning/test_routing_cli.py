import csv
import json
from pathlib import Path

import pytest

from services.routing.classifier.model_file import digest
from tests.learning.cases import RARE, invented
from tindak.cli import main

pytestmark = pytest.mark.learning

KEYS = {"top1", "top3", "macro_f1", "coverage", "precision", "texts_per_second", "rows"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    examples = invented()
    path = tmp_path / "reports.csv"
    with path.open("w", newline="") as out:
        rows = zip(examples.texts, examples.places, examples.agencies, strict=True)
        csv.writer(out).writerows(
            [["pesan", "kecamatan", "opd", "jam"]]
            + [[text, place["kecamatan"], agency, f"2024-01-01 {at // 60:02}:{at % 60:02}:00"]
               for at, (text, place, agency) in enumerate(rows)]
        )  # fmt: skip
    return path


def options(file: Path) -> list[str]:
    return [str(file), "--text", "pesan", "--agency", "opd", "--place", "kecamatan", "--time", "jam"]


def test_a_trained_model_is_measured_on_another_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tindak.waiting.LINE_EVERY_SECONDS", 0)
    model = str(tmp_path / "model")
    assert main(["routing", "train", *options(file), "--model", model, "--precision", "0.9", "--json"]) == 0
    out, learning = capsys.readouterr()
    learned = json.loads(out)

    code = main(["routing", "evaluate", *options(file), "--model", model, "--json"])

    out, measuring = capsys.readouterr()
    found = json.loads(out)
    assert learning == "Learning: 1 of 1 ...\n"
    assert measuring.startswith("Measuring: 1 of 1 ...\n")
    assert (code, learned["rows"], learned["counts"][RARE], found["rows"]) == (0, 600, 8, 600)
    assert found.keys() >= KEYS
    assert found["top1"] > 0.8


def test_measuring_on_rows_of_the_training_set_is_warned_of(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = file.read_text().splitlines()
    part, mixed, fresh = tmp_path / "part.csv", tmp_path / "mixed.csv", tmp_path / "fresh.csv"
    strange = [row.replace(",", f" baru{number},", 1) for number, row in enumerate(rows[500:])]
    part.write_text("\n".join((header, *rows[:500])))
    mixed.write_text("\n".join((header, *(row.upper() for row in rows[:7]), *strange)))
    fresh.write_text("\n".join((header, *strange)))
    model = str(tmp_path / "model")
    assert main(["routing", "train", *options(part), "--model", model, "--precision", "0.9"]) == 0
    capsys.readouterr()

    told = {}
    for measured in (part, mixed, fresh):
        assert main(["routing", "evaluate", *options(measured), "--model", model, "--json"]) == 0
        out, err = capsys.readouterr()
        told[measured.stem] = (json.loads(out)["in_training_set"], err)

    sentence = "Warning: {} of these {} rows were in the model's training set; it knows them.\n"
    assert told == {
        "part": (500, sentence.format(500, 500)), "mixed": (7, sentence.format(7, 107)), "fresh": (0, "")
    }  # fmt: skip


def test_a_model_of_release_0_1_0_is_known_to_have_learned_its_own_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    assert main(["routing", "train", *options(file), "--model", str(model), "--precision", "0.9"]) == 0
    manifest = json.loads((model / "model.json").read_text())
    del manifest["training"]["text_digests"]
    (model / "model.json").write_text(json.dumps(manifest | {"hash": digest(manifest)}))
    other = tmp_path / "other.csv"
    other.write_text(file.read_text() + "\n")
    capsys.readouterr()

    learned = []
    for measured in (file, other):
        assert main(["routing", "evaluate", *options(measured), "--model", str(model), "--json"]) == 0
        learned.append(json.loads(capsys.readouterr().out)["in_training_set"])

    assert learned == [600, 0]


def test_a_split_measures_the_newer_part_and_writes_a_report(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "report"

    code = main(["routing", "evaluate", *options(file), "--split-by-time", "0.8", "--report", str(directory)])

    out, err = capsys.readouterr()
    page = (directory / "report.md").read_text()
    assert code == 0
    assert out.startswith("120 reports: top 1 0.")
    assert err.startswith("600 usable reports from 2024-01-01 to 2024-01-01. Columns: text: pesan; agency: opd;")
    assert "| reports measured | 120 |" in page
    assert "| dlh | " in page
    assert (directory / "reliability.png").read_bytes()[:4] == b"\x89PNG"


def test_training_reports_what_it_would_route(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["routing", "train", *options(file), "--model", str(tmp_path / "model"), "--precision", "0.9"])

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("Learned 5 agencies from 600 reports: model ")
    assert "Of the newest 120 it would route " in out


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (["evaluate", "{file}"], 2, "Give either --model DIR or --split-by-time SHARE."),
        (["evaluate", "{file}", "--split-by-time", "8"], 2, "--split-by-time is a share between 0 and 1, like 0.8."),
        (["train", "{file}", "--model", "m", "--precision", "95"], 2, "--precision is a share between 0 and 1"),
        (["train", "{file}", "--model", "m", "--text", "isi"], 1, "has no column `isi`"),
        (["evaluate", "{file}", "--text", "pesan", "--agency", "opd", "--model", "nowhere"], 1, "cannot be read"),
        (["train", "nowhere.csv", "--model", "m"], 1, "nowhere.csv cannot be read: No such file or directory."),
    ],
)
def test_an_impossible_request_is_refused_in_one_sentence(
    typed: list[str], code: int, said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    returned = main(["routing", *(word.format(file=file) for word in typed)])

    out, err = capsys.readouterr()
    assert (returned, out) == (code, "")
    assert said in err.splitlines()[-1]
