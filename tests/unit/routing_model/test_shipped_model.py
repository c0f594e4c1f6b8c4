"""The model in `policy/model` is what `make model` makes of the shipped training set with the locked libraries."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from services.routing.classifier.exports import Asked, read_export
from services.routing.classifier.model_file import LIBRARIES, load
from services.routing.classifier.training import train
from services.routing.policy import load_routing

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "policy" / "model"
TRAINING_SET = ROOT / "policy" / "training" / "tangsel.csv"
BYTES_MAX = 2_000_000


@pytest.mark.unit
def test_the_shipped_model_is_small_and_comes_from_the_shipped_training_set() -> None:
    _, manifest = load(SHIPPED)

    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < BYTES_MAX
    assert manifest["training"]["file_sha256"] == hashlib.sha256(TRAINING_SET.read_bytes()).hexdigest()


@pytest.mark.unit
def test_the_shipped_model_was_trained_with_the_locked_libraries() -> None:
    locked = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    _, manifest = load(SHIPPED)

    assert manifest["libraries"] == {name: locked[name] for name in LIBRARIES}


@pytest.mark.unit
def test_every_agency_of_the_shipped_model_is_one_of_the_city() -> None:
    model, _ = load(SHIPPED)
    policy = load_routing(ROOT / "policy")

    assert [agency for agency in model.agencies if policy.code_of(agency) != agency] == []


@pytest.mark.learning
def test_the_shipped_model_answers_like_one_trained_anew() -> None:
    """Processors add up in another order, so that the last digits may differ, but no decision."""
    shipped, manifest = load(SHIPPED)
    examples = read_export(TRAINING_SET, Asked()).examples

    anew, summary = train(examples, precision=manifest["training"]["precision"], seed=manifest["training"]["seed"])

    one, other = (model.probabilities(examples.texts, examples.places) for model in (shipped, anew))
    assert (shipped.agencies, shipped.lexicon.blocks) == (anew.agencies, anew.lexicon.blocks)
    np.testing.assert_allclose(one, other, atol=0.005)
    np.testing.assert_allclose(shipped.thresholds, anew.thresholds, atol=0.005)
    assert manifest["training"]["counts"] == summary.counts
