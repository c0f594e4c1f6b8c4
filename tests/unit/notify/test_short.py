from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.messages.segments import measured
from services.notify.messages.short import SEGMENTS_MAX, short_text

pytestmark = pytest.mark.unit

DUE = "1 Desember 2026 pukul 16.00 WIB"


def said(values: Mapping[str, object]) -> str:
    return (
        f"Laporan {values['tracking_id']} dijawab {values['agency_name']}: {values['answer']}\n"
        f"Balas SELESAI atau BELUM sampai {values['due_at']}."
    )


def short(**changes: object) -> str:
    plain = {"tracking_id": "K7QF-9D2MX-4Q", "agency_name": "Dinas Perhubungan", "answer": "Sudah.", "due_at": DUE}
    return short_text(said, plain | changes)


def test_what_fits_is_said_on_one_line_as_it_is() -> None:
    assert short() == (
        "Laporan K7QF-9D2MX-4Q dijawab Dinas Perhubungan: Sudah. "
        "Balas SELESAI atau BELUM sampai 1 Desember 2026 pukul 16.00 WIB."
    )


def test_the_longest_value_is_cut_first_and_at_a_word() -> None:
    text = short(answer="Lubang di depan toko kue sudah ditambal semuanya. " * 20)

    assert "dijawab Dinas Perhubungan: Lubang di depan" in text
    assert "... Balas SELESAI atau BELUM sampai 1 Desember 2026 pukul 16.00 WIB." in text
    assert 200 < len(text) <= 306


@given(st.text(max_size=500), st.text(max_size=8000))
def test_number_and_what_to_do_stay_whatever_is_told(agency_name: str, answer: str) -> None:
    text = short(agency_name=agency_name, answer=answer)

    assert measured(text).encoding == "gsm7"
    assert measured(text).segments <= SEGMENTS_MAX
    assert text.startswith("Laporan K7QF-9D2MX-4Q dijawab")
    assert text.endswith(f"Balas SELESAI atau BELUM sampai {DUE}.")


def test_a_value_of_which_nothing_is_left_is_none() -> None:
    assert short(answer="路灯坏了").startswith("Laporan K7QF-9D2MX-4Q dijawab Dinas Perhubungan: None ")
