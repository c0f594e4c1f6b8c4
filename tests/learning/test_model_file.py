import json
from pathlib import Path

import numpy as np
import pytest

from services.routing.classifier import model_file
from services.routing.classifier.model_file import ARRAYS, MANIFEST, ModelRefused, digest, load, save
from tests.learning.cases import invented, trained

pytestmark = pytest.mark.learning


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    model, summary = trained()
    save(tmp_path / "model", model, summary, {"file": "reports.csv"})
    return tmp_path / "model"


def change(directory: Path, sign: bool = False, **changes: object) -> None:
    manifest = json.loads((directory / MANIFEST).read_text()) | changes
    if sign:
        manifest["hash"] = digest(manifest)
    (directory / MANIFEST).write_text(json.dumps(manifest))


def test_a_model_comes_back_as_it_was_written(saved: Path) -> None:
    model, _ = trained()
    unseen = invented(50, seed=9)

    back, manifest = load(saved)

    assert back.suggest(unseen.texts, unseen.places) == model.suggest(unseen.texts, unseen.places)
    assert (manifest["training"]["file"], manifest["training"]["rows"]) == ("reports.csv", 600)
    assert set(manifest["libraries"]) == {"numpy", "scipy", "scikit-learn"}
    assert manifest["training"]["precision"] == 0.9


def test_the_same_model_has_the_same_hash(saved: Path, tmp_path: Path) -> None:
    model, summary = trained()

    again = save(tmp_path / "again", model, summary, {"file": "reports.csv"})

    assert again == json.loads((saved / MANIFEST).read_text())["hash"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agencies": ["x"]}, "was changed after training: its hash does not fit"),
        ({"thresholds": {}}, "was changed after training"),
        ({"format": "tindak-routing-model/0"}, "is not of the format tindak-routing-model/1"),
    ],
)
def test_a_changed_manifest_is_refused(saved: Path, changes: dict[str, object], said: str) -> None:
    change(saved, **changes)

    with pytest.raises(ModelRefused, match=said):
        load(saved)


def test_a_model_of_another_major_version_of_numpy_is_refused(saved: Path) -> None:
    change(saved, sign=True, libraries={"numpy": "1.26.4"})

    with pytest.raises(ModelRefused, match=r"was trained with numpy 1\.26\.4, this is .*; train it again"):
        load(saved)


def test_changed_arrays_are_refused(saved: Path) -> None:
    content = bytearray((saved / ARRAYS).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / ARRAYS).write_bytes(content)

    with pytest.raises(ModelRefused, match=r"arrays.npz is not what model.json was written for"):
        load(saved)


def test_a_model_of_another_way_of_reading_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file.words, "edition", lambda: "another")

    with pytest.raises(ModelRefused, match="learned from words read in another way"):
        load(saved)


def test_pickled_arrays_are_not_executed(saved: Path) -> None:
    np.savez(saved / ARRAYS, weights=np.array([object()], dtype=object), allow_pickle=True)
    change(saved, sign=True, arrays_sha256=model_file.hashlib.sha256((saved / ARRAYS).read_bytes()).hexdigest())

    with pytest.raises(ModelRefused, match="does not hold a model"):
        load(saved)


def test_arrays_of_another_size_are_refused(saved: Path) -> None:
    change(saved, sign=True, agencies=["one", "two"])

    with pytest.raises(ModelRefused, match="arrays of other sizes"):
        load(saved)


@pytest.mark.parametrize(("name", "said"), [(MANIFEST, "train a model there first"), (ARRAYS, "train the model again")])
def test_a_missing_file_is_named(saved: Path, name: str, said: str) -> None:
    (saved / name).unlink()

    with pytest.raises(ModelRefused, match=f"{name} cannot be read: No such file or directory; {said}"):
        load(saved)


def test_a_manifest_that_is_no_json_is_refused(saved: Path) -> None:
    (saved / MANIFEST).write_text("no")

    with pytest.raises(ModelRefused, match="is no JSON"):
        load(saved)
