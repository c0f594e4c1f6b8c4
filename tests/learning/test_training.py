import dataclasses
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from services.routing.classifier.model import NEVER
from services.routing.training.learning import TooLittle, train
from tests.learning.cases import RARE, invented, trained

pytestmark = pytest.mark.learning


def test_a_model_beats_the_most_frequent_agency_on_reports_it_has_not_seen() -> None:
    model, _ = trained()
    unseen = invented(300, seed=2)

    suggested = model.suggest(unseen.texts, unseen.places)

    right = [one.ranked[0][0] == agency for one, agency in zip(suggested, unseen.agencies, strict=True)]
    most_frequent = Counter(unseen.agencies).most_common(1)[0][1] / len(right)
    assert np.mean(right) > most_frequent + 0.3


def test_probabilities_are_of_all_agencies_and_sum_to_one() -> None:
    model, _ = trained()

    (one,) = model.suggest(["sampah menumpuk"], [{}], at_most=9)

    assert {agency for agency, _ in one.ranked} == set(model.agencies)
    assert sum(likelihood for _, likelihood in one.ranked) == pytest.approx(1)
    assert [likelihood for _, likelihood in one.ranked] == sorted((p for _, p in one.ranked), reverse=True)


def test_an_agency_with_few_examples_is_suggested_but_never_certain() -> None:
    model, _ = trained()

    (one,) = model.suggest(["tenda pengungsi longsor tenda pengungsi"], [{}])

    assert one.ranked[0][0] == RARE
    assert one.certain is False
    assert model.thresholds[model.agencies.index(RARE)] == NEVER


def test_an_agency_with_next_to_no_examples_is_not_learned_but_counted() -> None:
    model, summary = train(invented(rare=4))

    assert RARE not in model.agencies
    assert summary.counts[RARE] == 4


def test_routing_of_the_newest_part_reaches_the_target() -> None:
    _, summary = trained()

    assert summary.judged_precision is not None
    assert summary.judged_precision >= summary.precision
    assert summary.judged_coverage > 0.2


def test_the_same_examples_and_seed_give_the_same_model() -> None:
    one, summary = trained()

    other, again = train(invented(), precision=0.9)

    assert summary == again
    for name in ("weights", "bias", "thresholds"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_several_threads_get_the_same_answers() -> None:
    model, _ = trained()
    unseen = invented(200, seed=5)
    expected = model.suggest(unseen.texts, unseen.places)
    fresh = dataclasses.replace(model, lexicon=dataclasses.replace(model.lexicon))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fresh.suggest(unseen.texts, unseen.places), range(8)))

    assert found == [expected] * 8


def test_no_report_gets_no_answer() -> None:
    model, _ = trained()

    assert model.suggest([], []) == []


def test_a_single_agency_cannot_be_learned() -> None:
    examples = invented(100, rare=0)
    alone = examples.part([row for row, agency in enumerate(examples.agencies) if agency == "dlh"])

    with pytest.raises(TooLittle, match="At least 2 agencies need 5 reports each"):
        train(alone)


def test_two_agencies_can_be_learned() -> None:
    examples = invented(300, rare=0, noise=0.0)
    both = examples.part([row for row, agency in enumerate(examples.agencies) if agency in {"dlh", "disdukcapil"}])

    model, _ = train(both)

    best = [one.ranked[0][0] for one in model.suggest(["sampah bau lalat", "ktp kartu keluarga"], [{}, {}])]
    assert best == ["dlh", "disdukcapil"]
