import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.wording import (
    INSULT,
    Phrases,
    has_fewer_letters,
    has_fewer_words,
    has_no_characters,
    headline,
    insult_spans,
    insults,
    is_only_filler,
    is_only_link,
)
from shared.identities.spans import Span
from shared.text import fold, words_in

pytestmark = pytest.mark.unit

INSULTS = insults(["goblok", "dasar anjing", "asu"])
EMERGENCIES = Phrases(("kebakaran", "kabel putus"))


@pytest.mark.parametrize(
    "text",
    ["goblok", "GOBLOOOK", "g0bl0k", "goblok!", "gobloknya", "Dasar  anjing", "dasar-anjing", "45u", "a\u200bsu"],
)
def test_insult_is_found_in_any_disguise(text: str) -> None:
    folded = fold(text)

    assert insult_spans(folded, INSULTS) == [Span(0, len(folded.text.rstrip("!")), INSULT)]


@pytest.mark.parametrize("text", ["asumsi", "kasus", "anjing liar", "dasar hukum, anjing", "gobloker", ""])
def test_harmless_word_is_no_insult(text: str) -> None:
    assert insult_spans(fold(text), INSULTS) == []


def test_no_insults_in_the_policy_find_nothing() -> None:
    assert insult_spans(fold("goblok"), insults([])) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada kebakaran!", True),
        ("kabel  putus", True),
        ("kabel-kabel", False),
        ("kabel\nputus", True),
        ("kabel tidak putus", False),
        ("kebakaran2", False),
    ],
)
def test_phrase_is_found_as_whole_words_side_by_side(text: str, found: bool) -> None:
    assert EMERGENCIES.occur_in(text, words_in(text)) is found


PIECES = st.sampled_from(
    [
        "asu",
        "45uuu",
        "kasus",
        "dasar",
        "anjing",
        "goblok",
        "nya",
        "kabel",
        "putus",
        " ",
        "-",
        "_",
        "!",
        "\x7f",
        "\n",
        "é",
    ]
)


@given(st.lists(PIECES).map("".join))
def test_a_look_at_the_words_alone_misses_no_phrase(text: str) -> None:
    for wanted in (INSULTS, EMERGENCIES, Phrases(("kabel-putus", "dasar_anjing")), Phrases(("!-", "goblok"))):
        assert wanted.occur_in(text, words_in(text)) is bool(wanted.places_in(text))


def test_phrase_of_marks_is_found_without_any_word() -> None:
    assert Phrases(("!-",)).occur_in(" !- ", [])


@pytest.mark.parametrize(
    ("body", "nothing"),
    [("", True), (" \n\t", True), ("?!... -", True), ("😡😡", True), ("a", False), ("7", False), ("水", False)],
)
def test_text_without_letters_and_digits_has_no_characters(body: str, nothing: bool) -> None:
    assert has_no_characters(body) is nothing


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("https://example.org/a?b=c", True),
        ("www.example.org  http://x.id !", True),
        ("https://example.org 5", True),
        ("lihat https://example.org", False),
        ("jalan rusak", False),
        ("", False),
    ],
)
def test_text_of_links_alone_is_only_a_link(text: str, only: bool) -> None:
    assert is_only_link(text) is only


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("test", True),
        ("aaaaaaa aaaaaaa test test test", True),
        ("tes 123", True),
        ("test jalan rusak", False),
        ("a", False),
        ("tolong tolong tolong", False),
        ("123", False),
        ("", False),
    ],
)
def test_text_of_test_words_alone_is_only_filler(text: str, only: bool) -> None:
    assert is_only_filler(text, {"test", "tes"}) is only


@pytest.mark.parametrize(("text", "letters"), [("", 0), ("12 !", 0), ("aaa", 1), ("asap", 3), ("水火", 2)])
def test_letters_are_counted_once_each(text: str, letters: int) -> None:
    assert has_fewer_letters(text, letters + 1)
    assert not has_fewer_letters(text, letters)


@pytest.mark.parametrize(("text", "words"), [("", 0), ("Jalan rusak!", 2), ("RT 05 / RW 03", 2), ("anak-anak", 2)])
def test_words_are_counted_without_numbers(text: str, words: int) -> None:
    assert has_fewer_words(text, words + 1)
    assert not has_fewer_words(text, words)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("Lampu mati.", "Lampu mati."),
        ("Lampu mati. Sudah lama!", "Lampu mati."),
        ("  Lampu mati\nsudah lama", "Lampu mati"),
        ("Lampu jalan mati", "Lampu jalan mati"),
        ("Lampu jalan mati semua", "Lampu jalan…"),
        ("Lampujalanmatisemuanya", "Lampujalanmatis…"),
        ("Jl. Raya rusak", "Jl. Raya rusak"),
        ("", ""),
    ],
)
def test_title_is_the_first_sentence_cut_after_a_word(body: str, title: str) -> None:
    assert headline(body, 16) == title
