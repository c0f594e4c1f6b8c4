"""The model in `policy/model` is what `make model` makes of the shipped training set with the locked libraries."""

import hashlib
import re
from pathlib import Path

import pytest

from services.routing.classifier.model_file import LIBRARIES, load
from services.routing.policy import load_routing
from services.routing.settings import Settings
from tindak.console import Failure
from tindak.demo_story.environment import in_use

pytestmark = pytest.mark.policy

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "policy" / "model"
TRAINING_SET = ROOT / "policy" / "training" / "tangsel.csv"
BYTES_MAX = 2_000_000


def test_the_shipped_model_is_small_and_comes_from_the_shipped_training_set() -> None:
    _, manifest = load(SHIPPED)

    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < BYTES_MAX
    assert manifest["training"]["file_sha256"] == hashlib.sha256(TRAINING_SET.read_bytes()).hexdigest()


def test_the_shipped_model_was_trained_with_the_locked_libraries() -> None:
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    _, manifest = load(SHIPPED)

    assert manifest["libraries"] == {name: locked[name] for name in LIBRARIES}


def test_every_agency_of_the_shipped_model_is_one_of_the_city() -> None:
    model, _ = load(SHIPPED)
    policy = load_routing(ROOT / "policy")

    assert [agency for agency in model.agencies if policy.code_of(agency) != agency] == []


def test_the_demo_says_which_model_is_in_use() -> None:
    _, manifest = load(SHIPPED)

    said = in_use(SHIPPED)

    assert said.startswith(f"text model {manifest['hash'][:12]} is in use: 34 agencies learned from 4,000 reports")


def test_the_demo_refuses_what_is_no_model_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"The demo routes by a text model: .*model\.json cannot be read"):
        in_use(tmp_path)


def test_an_empty_directory_setting_stands_for_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker compose can leave a variable empty, but not away."""
    monkeypatch.setenv("TINDAK_ROUTING_MODEL_DIR", "")

    assert Settings().model_dir is None
