import pytest

from shared.text import words_of
from shared.text.phrases import Phrasebook

pytestmark = pytest.mark.unit

SPELLINGS = {
    ("jln",): ("jalan",),
    ("lobang",): ("berlubang",),
    ("kk",): ("kartu", "keluarga"),
    ("ktp", "el"): ("ktp",),
    ("e", "ktp"): ("ktp",),
}


def book(*phrases: str) -> Phrasebook:
    return Phrasebook(SPELLINGS, frozenset(tuple(phrase.split()) for phrase in phrases))


def found(text: str, *phrases: str) -> set[str]:
    return {" ".join(phrase) for phrase in book(*phrases).found_in(text)}


def test_everything_but_letters_and_digits_separates_words() -> None:
    assert words_of("Jl. Raya-Ciputat,RT_05/02!!") == ["jl", "raya", "ciputat", "rt", "05", "02"]


def test_letters_that_only_look_different_are_the_same() -> None:
    assert words_of("ＰＪＵ ｍati") == ["pju", "mati"]


def test_a_phrase_is_found_where_its_words_stand_side_by_side() -> None:
    assert found("lampu di jalan, jalan lampu jalan", "lampu jalan", "jalan lampu", "di lampu") == {
        "lampu jalan",
        "jalan lampu",
    }


def test_a_part_of_a_word_is_no_word() -> None:
    assert found("jalanan rapat", "jalan", "rapa") == set()


def test_longer_and_shorter_phrases_are_both_found() -> None:
    assert found("lampu jalan mati", "lampu", "lampu jalan", "lampu jalan mati") == {
        "lampu",
        "lampu jalan",
        "lampu jalan mati",
    }


def test_another_spelling_counts_as_the_usual_one() -> None:
    assert found("jln lobang, KK hilang", "jalan berlubang", "kartu keluarga") == {"jalan berlubang", "kartu keluarga"}


def test_what_stands_between_spellings_stays_and_no_word_belongs_to_two() -> None:
    assert book().usual(words_of("di jln e ktp el besar kk")) == (
        "di",
        "jalan",
        "ktp",
        "el",
        "besar",
        "kartu",
        "keluarga",
    )


def test_a_spelling_may_be_several_words() -> None:
    assert found("KTP-el dan e-KTP", "ktp dan ktp") == {"ktp dan ktp"}


@pytest.mark.parametrize(
    "word", ["lampunya", "lampulah", "lampukah", "lampupun", "lampune", "lampue", "lampuna", "lampu2"]
)
def test_a_word_may_carry_an_ending(word: str) -> None:
    assert found(f"{word} mati", "lampu mati") == {"lampu mati"}


def test_the_beginning_of_a_spelling_is_no_spelling() -> None:
    assert found("alamat e mail", "ktp", "e mail") == {"e mail"}


def test_an_ending_is_left_on_a_word_that_is_looked_for_with_it() -> None:
    assert found("sekolah", "sekolah", "seko") == {"sekolah"}


def test_a_spelling_with_an_ending_is_recognised() -> None:
    assert found("jlnnya lobang2", "jalan berlubang") == {"jalan berlubang"}


def test_no_phrase_reaches_from_one_text_into_the_next() -> None:
    assert book("jalan rusak").found_in("di jalan", "rusak") == frozenset()


def test_nothing_is_found_in_an_empty_text() -> None:
    assert book("jalan").found_in("") == frozenset()


def test_a_regional_ending_is_no_ending_where_little_is_left() -> None:
    assert found("gote bau, dana desa", "got", "da") == set()
