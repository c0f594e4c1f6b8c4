import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.folding import Span, fold, folded_text, replaced

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Jalan RUSAK", "jalan rusak"),
        ("Café", "cafe"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "cafe"),
        ("０８１２", "0812"),
        ("٠٨١٢", "0812"),
        ("𝟎𝟖", "08"),
        ("①", "1"),
        ("0812\N{NON-BREAKING HYPHEN}3456\N{EN DASH}78\N{MINUS SIGN}90", "0812-3456-78-90"),
        ("0812\N{ZERO WIDTH SPACE}3456", "08123456"),
        ("Jl.\N{NO-BREAK SPACE}Raya", "jl. raya"),
        ("budi＠example．org", "budi@example.org"),
        ("㎏", "kg"),
        ("STRASSE Straße", "strasse strasse"),
        ("İ", "i"),
    ],
)
def test_every_spelling_folds_to_one(written: str, folded: str) -> None:
    assert fold(written).text == folded


def test_white_space_folds_to_single_blanks() -> None:
    assert folded_text("  Jalan\t\n Rusak ") == "jalan rusak"


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
def test_nothing_covered_leaves_any_text_as_it_was(text: str) -> None:
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
