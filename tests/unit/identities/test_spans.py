import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identities.spans import Span, replaced
from shared.text import fold

pytestmark = pytest.mark.unit


def test_covered_stretch_takes_its_invisible_characters_along() -> None:
    folded = fold("a 08\N{ZERO WIDTH SPACE}12\N{COMBINING ACUTE ACCENT} b é")

    assert replaced(folded, [Span(2, 6, "[x]")]) == "a [x] b é"


def test_covered_half_of_a_ligature_takes_all_of_it() -> None:
    folded = fold("㎏ beras")

    assert replaced(folded, [Span(0, 1, "[x]")]) == "[x] beras"


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([], "0123456789"),
        ([Span(2, 4, "[a]")], "01[a]456789"),
        ([Span(0, 10, "[a]")], "[a]"),
        ([Span(6, 8, "[b]"), Span(2, 4, "[a]")], "01[a]45[b]89"),
        ([Span(2, 4, "[a]"), Span(4, 6, "[b]")], "01[a][b]6789"),
        ([Span(3, 6, "[sure]"), Span(2, 4, "[b]")], "01[sure]6789"),
        ([Span(2, 4, "[sure]"), Span(3, 6, "[b]"), Span(5, 8, "[c]")], "01[sure]89"),
        ([Span(2, 8, "[sure]"), Span(3, 4, "[b]"), Span(7, 9, "[c]")], "01[sure]9"),
    ],
)
def test_overlapping_stretches_get_the_surest_label(spans: list[Span], shown: str) -> None:
    assert replaced(fold("0123456789"), spans) == shown


@given(st.text(max_size=50))
def test_without_spans_a_text_does_not_change(text: str) -> None:
    assert replaced(fold(text), []) == text


@given(st.text(max_size=50), st.integers(0, 60), st.integers(1, 60))
def test_covered_stretch_cuts_the_original_at_its_own_characters(text: str, start: int, length: int) -> None:
    folded = fold(text)
    end = min(start + length, len(folded.text))
    if start >= end:
        return

    first, last = folded.written(start, end)

    assert replaced(folded, [Span(start, end, "*")]) == f"{text[:first]}*{text[last:]}"
    assert folded.text[start:end] in fold(text[first:last]).text
