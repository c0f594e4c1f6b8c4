import pytest

from services.notify.messages.formatting import LANGUAGES
from services.notify.messages.renderer import WITHHELD
from services.notify.messages.strangers import COVERED, linkless, salutation_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name", ["Siti Aminah", "I Gusti Ngurah Rai", "Drs. Ahmad, S.H.", "Ma'ruf", "Siti-Nur", "José", "N’Diaye", "王芳"]
)
def test_a_name_stands_in_the_salutation(name: str) -> None:
    assert salutation_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        None, "", "Klik https://evil.example", "www.evil.example", "evil.example/hadiah", "t.me/hadiah",
        "siti@warga.example", "Hubungi 081234567890", "Siti\r\nBcc: semua", "Siti\nAminah", "Siti\tAminah",
        "Siti\u202egnp.exe", "Siti\u200bAminah", "Siti\x1b[2J", "Siti\x9b", "<b>Siti</b>", "=?utf-8?q?Siti?=",
        "Selamat! Anda menang: Rp1.000.000", "Siti " * 20,
    ],
)  # fmt: skip
def test_what_no_name_is_written_with_is_left_out_of_the_salutation(name: str | None) -> None:
    assert salutation_name(name) is None


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("Klik https://evil.example/x?y=1 segera", "Klik [tautan] segera"),
        ("javascript://evil", "[tautan]"),
        ("www.evil.example", "[tautan]"),
        ("Menang di hadiah-gratis.com/klaim!", "Menang di [tautan]"),
        ("bit.ly/abc dan t.me/x", "[tautan] dan [tautan]"),
        ("HADIAH.XYZ", "[tautan]"),
        ("Jalan rusak.mohon diperbaiki", "Jalan rusak.mohon diperbaiki"),
        ("Jl. Ir. H. Juanda No.5", "Jl. Ir. H. Juanda No.5"),
        ("siti@warga.co.id", "siti@warga.co.id"),
    ],
)
def test_links_of_strangers_are_covered(text: str, covered: str) -> None:
    assert linkless(text, "id") == covered


def test_what_is_left_out_is_named_in_every_language() -> None:
    assert set(COVERED) == set(WITHHELD) == LANGUAGES


def test_a_link_is_covered_in_the_language_of_the_message() -> None:
    assert linkless("https://evil.example", "en") == "[link]"
    assert linkless("https://evil.example", "su") == "[tutumbu]"
    assert linkless(None, "en") is None
