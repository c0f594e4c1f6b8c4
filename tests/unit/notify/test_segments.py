import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.messages.segments import (
    GSM_7,
    GSM_7_EXTENSION,
    Measured,
    cut_at_word,
    gsm_text,
    measured,
    plain_marks,
)

pytestmark = pytest.mark.unit


def test_the_alphabet_is_that_of_gsm_03_38() -> None:
    assert len(GSM_7) == 127  # of 128 septets one is the escape
    assert len(GSM_7_EXTENSION) == 10
    assert GSM_7.isdisjoint(GSM_7_EXTENSION)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Measured("gsm7", 0, 1)),
        ("a" * 160, Measured("gsm7", 160, 1)),
        ("a" * 161, Measured("gsm7", 161, 2)),
        ("é" * 306, Measured("gsm7", 306, 2)),
        ("a" * 307, Measured("gsm7", 307, 3)),
        ("€" * 80, Measured("gsm7", 160, 1)),
        ("a" * 152 + "€" + "a" * 152, Measured("gsm7", 306, 3)),  # no escape ends a segment, so one septet stays empty
        ("a" * 151 + "€" + "a" * 153, Measured("gsm7", 306, 2)),
        ("ê" * 70, Measured("ucs2", 70, 1)),
        ("ê" * 71, Measured("ucs2", 71, 2)),
        ("ê" * 134, Measured("ucs2", 134, 2)),
        ("ê" * 135, Measured("ucs2", 135, 3)),
        ("😀" * 35, Measured("ucs2", 70, 1)),
        ("😀" * 67, Measured("ucs2", 134, 3)),  # halves of a pair stay together: 33 a segment
    ],
)
def test_a_text_is_measured_in_its_encoding(text: str, size: Measured) -> None:
    assert measured(text) == size


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Jalan” – ‘rusak’ — dll… 2 × 3", "\"Jalan\" - 'rusak' - dll... 2 x 3"),
        ("Séptémber, è", "Séptémber, è"),
        ("a\u00a0b\tc", "a b c"),
    ],
)
def test_typographic_marks_cost_no_second_segment(text: str, plain: str) -> None:
    assert plain_marks(text) == plain
    assert measured(plain).encoding == "gsm7"


@pytest.mark.parametrize(("text", "plain"), [("Café ê ő", "Café e o"), ("lampu 😀 mati", "lampu  mati"), ("路灯", "")])
def test_what_gsm_lacks_is_replaced_or_left_out(text: str, plain: str) -> None:
    assert gsm_text(text) == plain


@given(st.text())
def test_any_text_can_be_said_in_gsm(text: str) -> None:
    assert measured(gsm_text(text)).encoding == "gsm7"


@pytest.mark.parametrize(
    ("text", "room", "cut"),
    [
        ("Dinas Perhubungan", 17, "Dinas Perhubungan"),
        ("Dinas Perhubungan", 16, "Dinas..."),
        ("Dinas Perhubungan", 8, "Dinas..."),
        ("Dinas Perhubungan", 7, "Dina..."),
        ("Sudah, diperbaiki", 10, "Sudah..."),
        ("Perhubungan", 8, "Perhu..."),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, room: int, cut: str) -> None:
    assert cut_at_word(text, room) == cut


@given(st.text(), st.integers(4, 200))
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert len(cut_at_word(text, room)) <= room
