import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text.phrases import Phrasebook
from shared.text.typos import WORD_LETTERS_MIN, Forgiveness

pytestmark = pytest.mark.unit

KNOWN = ("puskesmas", "berlubang", "bantuan", "rusak", "mati", "sampah", "pemakaman", "pendaftaran", "pip", "abcdefgh")
FORGIVENESS = Forgiveness(frozenset(KNOWN))


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("puskemas", "puskesmas"),
        ("puskesmass", "puskesmas"),
        ("puskessmas", "puskesmas"),
        ("berlbuang", "berlubang"),
        ("bantan", "bantuan"),
        ("bantaun", "bantuan"),
        ("rusaaak", "rusak"),
        ("rusakk", "rusak"),
        ("matiii", "mati"),
    ],
)
def test_a_slip_means_the_word_that_is_one_letter_away(slip: str, meant: str) -> None:
    assert FORGIVENESS.meant(slip) == meant


@pytest.mark.parametrize(
    "word",
    [
        "sampa", "sampan", "rsuak",  # too short
        "puskesnas", "pemakaian",  # another letter makes another word
        "upskesmas", "uskesmas",  # the first letter is what it is
        "puskems", "plendaftaranx",  # two slips
        "pipp", "22x", "2puskesmas",
    ],
)  # fmt: skip
def test_anything_else_stays_what_it_is(word: str) -> None:
    assert FORGIVENESS.meant(word) is None


def test_what_may_be_a_slip_of_two_words_means_neither() -> None:
    assert Forgiveness(frozenset({"penataan", "pendataan"})).meant("pennataan") == "penataan"
    assert Forgiveness(frozenset({"abcdefgh", "abcdefhg"})).meant("abcdefg") is None


@given(st.sampled_from([word for word in KNOWN if len(word) >= WORD_LETTERS_MIN]), st.data())
def test_every_single_slip_in_a_long_word_is_forgiven(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 2))
    letter = data.draw(st.sampled_from("aeiou"))
    slips = [
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ]

    slip = data.draw(st.sampled_from(slips))

    assert slip in KNOWN or FORGIVENESS.meant(slip) == word


def test_a_phrase_is_found_under_its_slips_where_the_book_forgives_them() -> None:
    phrase = frozenset({("jalan", "berlubang")})

    assert Phrasebook({}, phrase, forgives=True).found_in("jalannn berlubag") == phrase
    assert Phrasebook({}, phrase).found_in("jalannn berlubag") == frozenset()


def test_a_slip_of_another_spelling_is_the_usual_form() -> None:
    book = Phrasebook({("kebanjiran",): ("banjir",)}, frozenset({("banjir",)}), forgives=True)

    assert book.found_in("kebanjran lagi") == {("banjir",)}
