import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import (
    LETTERS,
    LETTERS_OR_DIGITS,
    WORD,
    WORD_LETTERS_REMEMBERED_MAX,
    fold,
    folded_text,
    letters_in,
    name_key,
    plain,
    remembering_words,
    runs_of,
    words_in,
    words_of,
)

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


def test_words_are_letters_and_digits_together_and_runs_are_apart() -> None:
    assert words_of("Jl. Raya-Ciputat,RT_05 rt03 ＰＪＵ") == ["jl", "raya", "ciputat", "rt", "05", "rt03", "pju"]
    assert runs_of("RT_05 rt03 ＰＪＵ") == ["rt", "05", "rt", "03", "pju"]


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_words_and_letters_of_ascii_are_those_of_any_text(text: str) -> None:
    assert words_in(text) == WORD.findall(text)
    assert letters_in(text) == LETTERS.findall(text)
    assert runs_of(text) == LETTERS_OR_DIGITS.findall(plain(text))


def test_names_are_compared_in_lower_case_with_single_blanks() -> None:
    assert name_key("  Dinas\tPU \n") == "dinas pu"


def test_what_came_of_a_word_is_remembered_but_not_of_one_that_no_language_has() -> None:
    asked = []

    @remembering_words()
    def letters(word: str) -> int:
        asked.append(word)
        return len(word)

    usual, endless = "a" * WORD_LETTERS_REMEMBERED_MAX, "a" * (WORD_LETTERS_REMEMBERED_MAX + 1)
    assert [letters(usual), letters(endless), letters(usual), letters(endless)] == [64, 65, 64, 65]
    assert asked == [usual, endless, endless]


def test_of_so_many_words_those_asked_for_last_are_remembered() -> None:
    asked = []

    @remembering_words(4)
    def letters(word: str) -> int:
        asked.append(word)
        return len(word)

    said = ["a", "bb", "ccc", "a", "dddd", "a", "bb", "a"]
    assert list(map(letters, said)) == list(map(len, said))
    assert asked == ["a", "bb", "ccc", "dddd", "bb"]
