from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.routing.classifier.lexicon import Lexicon, _counted, learn_features, pieces

pytestmark = pytest.mark.unit

TEXTS = ["sampah menumpuk di pasar", "sampah di pasar", "lampu mati"]
PLACES = [{"kecamatan": "Setu"}, {"kecamatan": "Setu"}, {}]


def test_a_word_is_taken_apart_with_its_ends_marked() -> None:
    assert pieces("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]


def test_only_features_of_two_reports_or_more_are_learned() -> None:
    lexicon = learn_features(TEXTS, PLACES)

    words, _, places = lexicon.blocks
    assert (set(words), set(places)) == ({"sampah", "di", "pasar", "di pasar"}, {"kecamatan=setu", "setu"})


def test_each_block_of_a_report_has_the_length_of_its_weight() -> None:
    lexicon = learn_features(TEXTS, PLACES)

    starts, columns, values = lexicon.vectors(TEXTS, PLACES)

    ends = np.cumsum([len(block) for block in lexicon.blocks])
    first = slice(starts[0], starts[1])
    blocks = np.searchsorted(ends, columns[first], side="right")
    lengths = np.sqrt(np.bincount(blocks, values[first] ** 2))
    np.testing.assert_allclose(lengths, (1.0, 1.0, 0.6), rtol=1e-5)


def test_a_report_of_unknown_words_is_an_empty_row() -> None:
    lexicon = learn_features(TEXTS, PLACES)

    starts, columns, _ = lexicon.vectors(["qqq", "sampah"], [{}, {}])

    assert (starts[1], len(columns) > 0) == (0, True)


def test_remembered_words_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.routing.classifier.lexicon.REMEMBERED_WORDS_MAX", 3)
    lexicon = learn_features(TEXTS, PLACES)
    expected = Lexicon(lexicon.blocks, lexicon.rarity).vectors(TEXTS, PLACES)

    for _ in range(3):
        again = lexicon.vectors(TEXTS, PLACES)

    assert len(lexicon._remembered) <= 3
    np.testing.assert_array_equal(again.values, expected.values)


@given(rows=st.lists(st.lists(st.integers(0, 20), max_size=30), max_size=6))
@example(rows=[])
@example(rows=[[], []])
@example(rows=[[1], [], [1, 1]])
def test_columns_are_counted_in_each_row_alone(rows: list[list[int]]) -> None:
    starts, columns, counts = _counted([np.array(row, dtype=np.int32) for row in rows])

    spans = [slice(*span) for span in pairwise(starts)]
    found = [dict(zip(columns[span].tolist(), counts[span].tolist(), strict=True)) for span in spans]
    assert found == [{column: row.count(column) for column in sorted(set(row))} for row in rows]
    assert [list(row) for row in found] == [sorted(row) for row in found]


def test_words_of_a_place_count_once_for_each_field_that_has_them() -> None:
    lexicon = learn_features(TEXTS, PLACES)
    [setu] = (index for index, name in enumerate(lexicon.blocks[2]) if name == "setu")

    columns = lexicon.columns_of("", {"kecamatan": "Setu", "address": "di Setu"}).tolist()

    assert columns.count(setu + len(lexicon.blocks[0]) + len(lexicon.blocks[1])) == 2
