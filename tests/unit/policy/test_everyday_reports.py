from pathlib import Path

import pytest

from services.routing.domain.agency_choice.cascade import Case, decide_agency
from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.policy import load_routing
from shared.events import Classification, Location, Priority, Report
from tests.unit.policy.everyday_reports import REPORTS

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"


@pytest.fixture(scope="module")
def policy() -> RoutingPolicy:
    return load_routing(SHIPPED)


def report(body: str, place: str | None = None) -> Report:
    return Report(channel="web", title="", body=body, location=Location(text=place, kecamatan="Ciputat"))


def responsible(policy: RoutingPolicy, found: Report) -> str:
    """Return the agency that the words alone lead to, or ``triage``."""
    verdict = decide_agency(policy, Case(read(policy, found)))
    return verdict.agency if isinstance(verdict, Chosen) else "triage"


def test_everyday_reports_reach_the_agency_that_can_act_on_them(policy: RoutingPolicy) -> None:
    missed = [
        (text, agency, found) for agency, text in REPORTS if (found := responsible(policy, report(text))) != agency
    ]

    assert missed == []


def test_every_agency_but_those_of_other_districts_is_reached_by_some_report(policy: RoutingPolicy) -> None:
    reached = {agency for agency, _ in REPORTS}

    missed = {agency for agency in policy.agencies if not agency.startswith("kec_")} - reached

    assert missed == set()


@pytest.mark.parametrize(
    ("text", "place", "agency"),
    [
        ("Aspal berlubang, mohon diperbaiki", "Jl. Raya Serpong dekat flyover", "national_admin"),
        ("Aspal berlubang, mohon diperbaiki", "Jl. Ir. H. Juanda", "national_admin"),
        ("Aspal berlubang, mohon diperbaiki", "Jl. Merpati Raya", "dsdabmbk"),
        ("Lampu PJU mati", "Jl. Raya Serpong", "dishub"),
    ],
)
def test_a_road_of_the_nation_or_the_province_is_known_by_its_name_in_the_place(
    policy: RoutingPolicy, text: str, place: str, agency: str
) -> None:
    assert responsible(policy, report(text, place)) == agency


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Kabel listrik putus menjuntai di depan SD", Priority.EMERGENCY),
        ("Gudang kebakaran, api membesar", Priority.EMERGENCY),
        ("Ada ular kobra masuk rumah", Priority.EMERGENCY),
        ("Rumah tetangga ambruk, ada yang tertimbun", Priority.EMERGENCY),
        ("Jalan berlubang, sudah dua pengendara jatuh", Priority.HIGH),
        ("PJU mati, sudah lapor 2x tidak ada tindakan", Priority.HIGH),
        ("Saya terjebak macet tiap pagi", Priority.NORMAL),
        ("Lampu jalan mati", Priority.NORMAL),
    ],
)
def test_danger_and_long_waiting_raise_the_priority(policy: RoutingPolicy, text: str, priority: Priority) -> None:
    assert read(policy, report(text)).priority == priority


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Bagaimana cara mengurus akta kelahiran yang hilang?", Classification.INFORMATION_REQUEST),
        ("mau tanya min, syarat pindah domisili apa saja", Classification.INFORMATION_REQUEST),
        ("Ada pungli di kantor kecamatan", Classification.COMPLAINT_SUPERVISORY),
        ("Saran saya, taman kota diberi tempat duduk", Classification.ASPIRATION),
        ("Sampah menumpuk, bagaimana cara kami hidup? tidak diangkut 2 minggu", None),
        ("Lampu jalan mati", None),
    ],
)
def test_clear_phrases_decide_the_classification(policy: RoutingPolicy, text: str, kind: Classification | None) -> None:
    assert read(policy, report(text)).classification == kind
