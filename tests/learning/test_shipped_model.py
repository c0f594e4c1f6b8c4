"""The model in `policy/model` answers like one that is trained anew."""

from pathlib import Path

import numpy as np
import pytest

from services.routing.classifier.model_file import load
from services.routing.training.learning import train
from services.routing.training.overlap import count_known
from tindak.model.exports import read_export
from tindak.model.labelled_files import Asked

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policy" / "model"
TRAINING_SET = ROOT / "policy" / "training" / "tangsel.csv"

pytestmark = pytest.mark.learning


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
    assert count_known(examples.texts, manifest["training"]["text_digests"]) == len(examples.texts)
