import numpy as np
import pytest

from services.routing.classifier.lexicon import Lexicon
from services.routing.classifier.model import NEVER, Model
from services.routing.training.fitting import Examples
from services.routing.training.measure import AgencyMeasure, Bin, measure

pytestmark = pytest.mark.learning


def telling() -> Model:
    """Return a model that knows one word for each of three agencies, and never routes to the last."""
    lexicon = Lexicon((("aa", "bb", "cc"), (), ()), np.ones(3, np.float32))
    weights = np.eye(3, dtype=np.float32) * np.float32(np.log(18))  # 0.9 for the agency of the word
    limits = np.array([0.5, 0.5, NEVER], np.float32)
    return Model(("a", "b", "c"), lexicon, weights, np.zeros(3, np.float32), limits)


def test_a_model_is_measured_by_hand() -> None:
    examples = Examples(["aa", "aa", "bb", "cc"], [{}] * 4, ["A", "b", "b", "d"])

    found = measure(telling(), examples)

    assert (found.rows, found.top1, found.top3) == (4, 0.5, 0.75)
    assert (found.coverage, found.precision) == (0.75, pytest.approx(2 / 3))
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 0 + 0) / 4)
    assert found.agencies == (
        AgencyMeasure("b", 2, 1, 1, 1, 1, 0.5),
        AgencyMeasure("a", 1, 1, 2, 2, 1, 0.5),
        AgencyMeasure("d", 1, 0, 0, 0, 0, None),
        AgencyMeasure("c", 0, 0, 1, 0, 0, NEVER),
    )
    assert found.bins == (Bin(4, pytest.approx(0.9, abs=1e-6), 0.5),)
    assert found.calibration_error == pytest.approx(0.4, abs=1e-6)
    assert found.texts_per_second > 0


def test_nothing_routed_has_no_precision() -> None:
    found = measure(telling(), Examples(["cc"], [{}], ["c"]))

    assert (found.coverage, found.precision) == (0.0, None)
