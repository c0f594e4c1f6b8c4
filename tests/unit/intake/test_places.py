import pytest

from services.intake.domain.places import Located, Place, gazetteer, locate
from tests.unit.intake.city import PLACES

pytestmark = pytest.mark.unit

CIPUTAT, CIPUTAT_TIMUR, SERPONG = Place("Ciputat"), Place("Ciputat Timur"), Place("Serpong")
REMPOA, RANJI = Place("Ciputat Timur", "Rempoa"), Place("Ciputat Timur", "Pondok Ranji")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Lampu mati di Rempoa", REMPOA),
        ("REMPOA gelap", REMPOA),
        ("kelurahan Pondok Ranji", RANJI),
        ("pd. ranji, pd ranji, pdk ranji, pondokranji, Pondok-Ranji", RANJI),
        ("rawabuntu", Place("Serpong", "Rawa Buntu")),
        ("Lengkong Gudang Timur", Place("Serpong", "Lengkong Gudang Timur")),
        ("lengkong gudang", Place("Serpong", "Lengkong Gudang")),
        ("Parigi Baru", Place("Pondok Aren", "Perigi Baru")),
        ("ciputat timur", CIPUTAT_TIMUR),
        ("ciptim", CIPUTAT_TIMUR),
        ("Rempoaria", None),
        ("Jakarta", None),
        ("", None),
    ],
)
def test_place_is_recognised_in_its_usual_spellings(text: str, place: Place | None) -> None:
    assert PLACES.mentioned(text) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("di depan Pasar Ciputat", CIPUTAT),
        ("Kec. Ciputat", CIPUTAT),
        ("kel. Ciputat", Place("Ciputat", "Ciputat")),
        ("Kelurahan: Serpong", Place("Serpong", "Serpong")),
        ("serpong", SERPONG),
        ("pondok aren", Place("Pondok Aren")),
        ("kel pd aren", Place("Pondok Aren", "Pondok Aren")),
        ("kel. Ciputat Timur", CIPUTAT_TIMUR),
        ("kec. Rempoa", REMPOA),
    ],
)
def test_name_of_both_kinds_is_the_kecamatan_unless_called_kelurahan(text: str, place: Place) -> None:
    assert PLACES.mentioned(text) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("saya warga Ciputat, lampu mati di Rempoa", REMPOA),
        ("dari Rempoa ke Pondok Ranji", CIPUTAT_TIMUR),
        ("dari Rempoa ke Rawa Buntu", None),
        ("antara Ciputat dan Serpong", None),
        ("Rempoa, Rempoa", REMPOA),
    ],
)
def test_of_several_places_what_they_share_is_taken(text: str, place: Place | None) -> None:
    assert PLACES.mentioned(text) == place


@pytest.mark.parametrize("text", ["Jl. Raya Serpong", "jalan ciputat raya", "Jln Rempoa", "gang pondok ranji"])
def test_street_named_after_a_place_may_lie_anywhere(text: str) -> None:
    assert PLACES.mentioned(text) is None


@pytest.mark.parametrize(
    ("text", "is_address", "place"),
    [
        ("air muncul di sawah", False, None),
        ("kel. Muncul", False, Place("Setu", "Muncul")),
        ("kec. Setu", False, Place("Setu")),
        ("kelurahan sawah", False, Place("Ciputat", "Sawah")),
        ("sawah lama", False, Place("Ciputat", "Sawah")),
        ("lubang, muncul, lagi", False, None),
        ("Jl. Puspiptek, Muncul, Tangsel", True, Place("Setu", "Muncul")),
        ("Muncul", True, Place("Setu", "Muncul")),
        ("dekat sawah, Setu.", True, Place("Setu")),
        ("dekat danau setu", True, None),
        ("setu besar", True, None),
    ],
)
def test_everyday_word_is_a_place_only_where_it_is_called_one(text: str, is_address: bool, place: Place | None) -> None:
    assert PLACES.mentioned(text, is_address=is_address) == place


def where(
    kelurahan: str | None = None, kecamatan: str | None = None, address: str | None = None, text: str = ""
) -> Located:
    return locate(PLACES, kelurahan, kecamatan, address, text)


@pytest.mark.parametrize(
    ("located", "expected"),
    [
        (where(), Located(None)),
        (where(kelurahan="rempoa"), Located(REMPOA)),
        (where(kelurahan=" Kel. Rempoa "), Located(REMPOA)),
        (where(kelurahan="Ciputat"), Located(Place("Ciputat", "Ciputat"))),
        (where(kecamatan="Kecamatan Ciputat"), Located(CIPUTAT)),
        (where(kecamatan="muncul"), Located(Place("Setu", "Muncul"))),
        (where(kelurahan="Ciputat Timur"), Located(CIPUTAT_TIMUR)),
        (where(kelurahan="Rempoa", kecamatan="Ciputat Timur"), Located(REMPOA)),
        (where(kelurahan="Rempoa", kecamatan="Ciputat"), Located(REMPOA, contradicts=True)),
        (where(kelurahan="Kebayoran", kecamatan="Ciputat"), Located(CIPUTAT, unknown=("Kebayoran",))),
        (where(kelurahan="Kebayoran", kecamatan="Cilandak"), Located(None, unknown=("Kebayoran", "Cilandak"))),
        (where(kelurahan=" ", kecamatan=""), Located(None)),
        (where(address="Pasar Rempoa"), Located(REMPOA)),
        (where(text="lampu mati di Rempoa"), Located(REMPOA)),
        (where(address="Pasar Rempoa", text="dekat Serpong"), Located(REMPOA)),
        (where(kecamatan="Ciputat Timur", address="Pasar Rempoa"), Located(REMPOA)),
        (where(kecamatan="Ciputat Timur", text="di Rempoa"), Located(REMPOA)),
        (where(kecamatan="Serpong", address="Pasar Rempoa"), Located(SERPONG)),
        (where(kelurahan="Rempoa", text="di Serpong"), Located(REMPOA)),
        (where(kecamatan="muncul", text="kec. Setu"), Located(Place("Setu", "Muncul"))),
    ],
)
def test_a_chosen_place_counts_more_than_the_text(located: Located, expected: Located) -> None:
    assert located == expected


def test_later_alias_keeps_what_the_name_means_besides() -> None:
    places = gazetteer([("Pondok Aren", ())], [("Pondok Aren", "Pondok Aren", ("Pd. Aren",))])

    assert places.mentioned("pd aren") == Place("Pondok Aren")
