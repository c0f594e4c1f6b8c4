from pathlib import Path

import pytest

from shared.agencies import Agency, AgencyDirectory, AgencyKind, Officer, load_agencies
from shared.categories import Categories, Category, MainCategory, Reasons, load_categories
from shared.events import Classification
from shared.places import Place, Places, load_places
from shared.policy import PolicyInvalid

pytestmark = pytest.mark.unit

OFFICERS = "officers:\n  - {role: mayor, name: Wali Kota, email: mayor@city.example}\n"
AGENCIES = "agencies:\n"
DISHUB = "  - {code: dishub, name: Dinas Perhubungan, short: Dishub, email: a@b.example, head_email: c@b.example}\n"
SETU = (
    "  - {code: kec_setu, name: Kecamatan Setu, short: Setu, kind: district, kecamatan: Setu,"
    " email: a@b.example, head_email: c@b.example}\n"
)


def agency(code: str, **changes: object) -> Agency:
    plain = {"code": code, "name": code, "short": code, "email": "a@b.example", "head_email": "c@b.example"}
    return Agency.model_validate(plain | changes)


def faults(caught: pytest.ExceptionInfo[PolicyInvalid]) -> list[tuple[int, str]]:
    return [(fault.line, fault.sentence) for fault in caught.value.faults]


def test_agencies_are_found_by_code_kecamatan_and_role_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + SETU + DISHUB)

    directory = load_agencies(tmp_path)

    setu = agency("kec_setu", name="Kecamatan Setu", short="Setu", kind=AgencyKind.DISTRICT, kecamatan="Setu")
    assert directory.codes == ("kec_setu", "dishub")
    assert directory.get("kec_setu") == setu
    assert directory.of_kecamatan("Setu") == setu
    assert directory.officer("mayor") == Officer(role="mayor", name="Wali Kota", email="mayor@city.example")
    assert directory.name_of("dishub") == "Dinas Perhubungan"


def test_what_the_directory_does_not_know_is_none_and_its_name_the_code() -> None:
    directory = AgencyDirectory((agency("dishub"),))

    assert (directory.get("dlh"), directory.of_kecamatan("Setu"), directory.officer("mayor")) == (None, None, None)
    assert directory.name_of("dlh") == "dlh"


def test_two_agencies_with_one_code_district_or_role_are_faults(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + OFFICERS.partition("\n")[2] + AGENCIES + SETU + SETU)

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert faults(caught) == [
        (3, "the role `mayor` is given twice, first on line 2"),
        (6, "agency `kec_setu` is given twice, first on line 5"),
        (6, "the office of kecamatan `Setu` is given twice, first on line 5"),
    ]


def test_a_parent_that_is_no_agency_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("{", "{parent: dishu, "))

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert faults(caught) == [(4, "agency `dishu` is not in agencies.yaml; did you mean `dishub`?")]


@pytest.mark.parametrize("code", ["Dishub", "dis-hub", "_dishub", ""])
def test_a_code_that_could_be_no_topic_is_a_fault(tmp_path: Path, code: str) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("dishub", f'"{code}"', 1))

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert [fault.line for fault in caught.value.faults] == [4]


def test_places_keep_their_district_and_their_other_names(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text(
        "city: Kota\ncity_aliases: [Kt]\nkecamatan:\n  - name: Setu\n    aliases: [St]\n    kelurahan:\n"
        "      - {name: Keranggan, aliases: [Kranggan]}\n      - {name: Setu}\n"
    )

    places = load_places(tmp_path)

    assert places == Places(
        city="Kota",
        kecamatan=(Place("Setu", None, ("St",)),),
        kelurahan=(Place("Setu", "Keranggan", ("Kranggan",)), Place("Setu", "Setu")),
        city_aliases=("Kt",),
    )


def test_a_kelurahan_or_kecamatan_named_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text(
        "city: Kota\nkecamatan:\n  - name: Setu\n    kelurahan:\n      - {name: Sawah}\n"
        "  - name: SETU\n    kelurahan:\n      - {name: Ciater, aliases: [sawah]}\n"
    )

    with pytest.raises(PolicyInvalid) as caught:
        load_places(tmp_path)

    assert faults(caught) == [
        (6, "kecamatan `SETU` is given twice"),
        (8, "kelurahan `sawah` is given twice"),
    ]


CATEGORIES = """outside_reasons:
  electricity: {id: Wewenang PLN., en: It belongs to PLN.}
categories:
  - code: roads
    name: JALAN
    entries:
      - {code: potholes, name: JALAN BERLUBANG, aliases: [LUBANG, "1397"], agency: dishub, classification: complaint}
      - {code: other, name: LAINNYA}
  - code: power
    name: LISTRIK
    outside: electricity
    entries:
      - {code: other_power, name: LAINNYA, outside: electricity}
"""

POTHOLES = Category(
    code="potholes",
    name="JALAN BERLUBANG",
    aliases=("LUBANG", "1397"),
    agency="dishub",
    classification=Classification.COMPLAINT,
)


@pytest.fixture
def categories(tmp_path: Path) -> Categories:
    (tmp_path / "categories.yaml").write_text(CATEGORIES)
    return load_categories(tmp_path, ("dishub",))


@pytest.mark.parametrize("given", ["potholes", "Potholes ", "JALAN BERLUBANG", "jalan  berlubang", "lubang", "1397"])
def test_a_category_is_found_by_code_name_or_alias(categories: Categories, given: str) -> None:
    assert categories.find(given) == POTHOLES


def test_a_name_that_leads_to_different_agencies_means_no_category(categories: Categories) -> None:
    assert categories.find("LAINNYA") is None


def test_a_name_that_leads_to_one_agency_everywhere_means_its_first_category() -> None:
    first, second = Category(code="a", name="PKH", agency="dinsos"), Category(code="b", name="PKH", agency="dinsos")
    categories = Categories((MainCategory(code="m", name="M", entries=(first, second)),), {})

    assert categories.find("pkh") == first


def test_main_categories_and_their_entries_are_counted_alike(categories: Categories) -> None:
    assert categories.codes == ("roads", "potholes", "other", "power", "other_power")
    assert categories.get("potholes") == POTHOLES
    assert categories.outside_reasons == {"electricity": Reasons(id="Wewenang PLN.", en="It belongs to PLN.")}


def test_a_category_nobody_knows_is_none(categories: Categories) -> None:
    assert (categories.find("GUNUNG"), categories.get("mountains")) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("agency: dishub", "agency: dishu", 7, "agency `dishu` is not in agencies.yaml; did you mean `dishub`?"),
        ("code: other,", "code: potholes,", 8, "category `potholes` is given twice, first on line 7"),
        (
            "outside: electricity}",
            "outside: electric}",
            13,
            "reason `electric` is not in outside_reasons; did you mean",
        ),
        (
            "agency: dishub",
            "agency: dishub, outside: electricity",
            7,
            "item 1 of `entries`: a category has an agency or is outside the city's authority, not both",
        ),
    ],
)
def test_a_category_that_contradicts_the_rest_is_a_fault(
    tmp_path: Path, old: str, new: str, line: int, sentence: str
) -> None:
    (tmp_path / "categories.yaml").write_text(CATEGORIES.replace(old, new))

    with pytest.raises(PolicyInvalid) as caught:
        load_categories(tmp_path, ("dishub",))

    assert [(at, said.startswith(sentence)) for at, said in faults(caught)] == [(line, True)]


def test_the_district_office_of_the_place_is_an_agency_for_categories(tmp_path: Path) -> None:
    (tmp_path / "categories.yaml").write_text(CATEGORIES.replace("agency: dishub", "agency: kecamatan"))

    found = load_categories(tmp_path, ("dishub",)).find("potholes")

    assert found is not None
    assert found.agency == "kecamatan"
