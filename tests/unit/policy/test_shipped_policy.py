import shutil
from pathlib import Path

import pytest

from services.notify.messages.templates import NAMES
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.policy import load_routing
from services.routing.policy.categories import CategoryFile
from shared.events import ArchiveReason
from shared.policy.agencies import AgencyKind, load_agencies
from shared.policy.loading import load, policy_files, version_of
from shared.policy.places import load_places
from tindak.policy.check import FILES, check
from tindak.policy.samples import SAMPLES

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"


@pytest.fixture(scope="module")
def routing() -> RoutingPolicy:
    return load_routing(SHIPPED)


def test_the_shipped_policy_has_no_fault() -> None:
    assert check(SHIPPED).faults == ()


def test_the_demo_clocks_fit_into_the_shipped_policy(tmp_path: Path) -> None:
    demo = tmp_path / "policy"
    shutil.copytree(SHIPPED, demo)
    for overlay in (SHIPPED / "demo").glob("*.yaml"):
        shutil.copy(overlay, demo / overlay.name)

    checked = check(demo)

    assert checked.faults == ()
    assert checked.version != version_of(SHIPPED)


def test_the_city_has_its_seven_kecamatan_and_fifty_four_kelurahan() -> None:
    places = load_places(SHIPPED)

    by_kecamatan = {place.kecamatan: 0 for place in places.kecamatan}
    for place in places.kelurahan:
        by_kecamatan[place.kecamatan] += 1

    assert by_kecamatan == {
        "Setu": 6,
        "Serpong": 9,
        "Pamulang": 8,
        "Ciputat": 7,
        "Ciputat Timur": 6,
        "Pondok Aren": 11,
        "Serpong Utara": 7,
    }


def test_every_kecamatan_has_its_office() -> None:
    directory, places = load_agencies(SHIPPED), load_places(SHIPPED)

    offices = [directory.of_kecamatan(place.kecamatan) for place in places.kecamatan]

    assert [office.name for office in offices if office] == [
        f"Kecamatan {place.kecamatan}" for place in places.kecamatan
    ]


def test_all_offices_of_the_city_are_there_and_one_for_what_is_not_the_city_s() -> None:
    agencies = load_agencies(SHIPPED).agencies

    kinds = {kind: sum(agency.kind is kind for agency in agencies) for kind in AgencyKind}

    assert kinds == {
        AgencyKind.OFFICE: 30,
        AgencyKind.HOSPITAL: 1,
        AgencyKind.DISTRICT: 7,
        AgencyKind.NATIONAL: 1,
    }


def test_no_address_of_the_shipped_policy_can_reach_a_real_person() -> None:
    directory = load_agencies(SHIPPED)
    addresses = [officer.email for officer in directory.officers]
    addresses += [address for agency in directory.agencies for address in (agency.email, agency.head_email)]

    assert [address for address in addresses if not address.endswith(".example")] == []


def test_the_whole_lapor_tree_is_there() -> None:
    mains = load(SHIPPED / "categories.yaml", CategoryFile).categories

    entries = [entry for main in mains for entry in main.entries]

    assert (len(mains), len(entries), len({entry.name for entry in entries})) == (38, 929, 913)


def test_categories_of_the_city_are_mapped_and_few_depend_on_the_text() -> None:
    entries = [entry for main in load(SHIPPED / "categories.yaml", CategoryFile).categories for entry in main.entries]

    mapped = sum(entry.agency is not None for entry in entries)
    open_ended = sum(entry.agency is None and entry.outside is None for entry in entries)

    assert mapped >= 150
    assert open_ended <= 30


@pytest.mark.parametrize(
    ("given", "agency"),
    [
        ("LAMPU PENERANGAN JALAN UMUM", "dishub"),  # street lighting stands in two trees of LAPOR!
        ("PENERANGAN JALAN", "dishub"),
        ("jalan_berlubang", "dsdabmbk"),
        ("1397", "dsdabmbk"),
        ("SAMPAH LIAR", "dlh"),
        ("PENGELOLAAN SAMPAH", "dlh"),
        ("KTP (KARTU TANDA PENDUDUK)", "disdukcapil"),
        ("PKH PROGRAM KELUARGA HARAPAN", "dinsos"),
        ("PEMADAMAN KEBAKARAN", "damkar"),
        ("SURAT KETERANGAN TEMPAT TINGGAL / DOMISILI", "kecamatan"),
        ("PEMADAMAN LISTRIK", "national_admin"),
        ("PASPOR", "national_admin"),
        ("TOPIK LAINNYA", None),
    ],
)
def test_a_category_leads_to_its_agency(routing: RoutingPolicy, given: str, agency: str | None) -> None:
    category = routing.category_of(given)

    assert category is not None
    assert category.agency == agency


def test_every_file_that_is_read_is_shipped_and_no_other() -> None:
    assert {path.name for path in policy_files(SHIPPED) if path.parent == SHIPPED} == FILES


def test_texts_are_checked_with_every_value_that_a_text_may_use() -> None:
    assert set(SAMPLES) == NAMES


@pytest.mark.parametrize("language", ["id", "en", "jv", "su"])
@pytest.mark.parametrize("reason", list(ArchiveReason))
def test_the_reporter_reads_a_sentence_for_each_reason_for_archiving(reason: ArchiveReason, language: str) -> None:
    letter = (SHIPPED / "notices" / f"archived.{language}.j2").read_text("utf-8")

    assert f'"{reason}": "' in letter
