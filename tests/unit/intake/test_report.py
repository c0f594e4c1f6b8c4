"""What everybody may see of a report."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.intake.domain.report import accepted, flags, read_report
from shared.events import Classification, ComplaintAccepted, Location
from shared.events.complaints import sensitive_flags
from shared.ids import tracking_id
from tests import builders
from tests.builders import TICKET, TRACKING, submitted
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import RULES, arrival
from tindak.catalogue_fields import FIELDS

pytestmark = pytest.mark.unit

CIPUTAT = Location(kecamatan="Ciputat")
SITI = {
    "name": "Siti Nur Aisyah",
    "phone": "081234567890",
    "email": "siti@example.org",
    "national_id": "3674014101900001",
}
PLACELESS = "Lampu jalan mati sudah tiga minggu, gelap sekali."
MINUTES_5 = timedelta(minutes=5)


def seen(**changes: Any) -> ComplaintAccepted:
    """Return what is seen of the plain report with these changes."""
    return accepted(TICKET, submitted(**changes), arrival(), RULES)


def plain(**changes: Any) -> ComplaintAccepted:
    """Return how the plain report, which names nobody, should be seen, with these changes."""
    return builders.accepted(**({"has_contact": False} | changes))


def test_plain_report_is_seen_as_it_was_written() -> None:
    assert seen() == plain(location=CIPUTAT)


def test_every_field_of_a_full_report_is_carried_over() -> None:
    report = seen(
        classification="complaint", category="JALAN  Berlubang", occurred_on="2026-03-01", target_agency="dishub",
        location={"text": "Depan pasar", "kelurahan": "rempoa", "latitude": -6.3, "longitude": 106.7},
        attachments=[{"uri": "https://files.example.org/1.jpg", "media_type": "image/jpeg"}],
        anonymous=True, confidential=True, follow_up_of=TRACKING.lower().replace("-", ""), reporter=SITI,
    )  # fmt: skip

    assert report == plain(
        classification=Classification.COMPLAINT, category="jalan_berlubang", occurred_on=date(2026, 3, 1),
        target_agency="dishub",
        location=Location(
            text="Depan pasar", kelurahan="Rempoa", kecamatan="Ciputat Timur", latitude=-6.3, longitude=106.7
        ),
        attachments=[{"uri": "https://files.example.org/1.jpg", "media_type": "image/jpeg"}],
        anonymous=True, confidential=True, follow_up_of=TRACKING, has_contact=True,
    )  # fmt: skip


def test_another_attempt_gets_another_tracking_id() -> None:
    report = accepted(TICKET, submitted(), arrival(attempt=1), RULES)

    assert report == plain(location=CIPUTAT, tracking_id=tracking_id(TICKET, 1))


def test_time_of_acceptance_is_the_arrival() -> None:
    report = accepted(TICKET, submitted(), arrival(timedelta(hours=1)), RULES)

    assert report == plain(location=CIPUTAT, accepted_at=NOON + timedelta(hours=1))


def test_identity_is_covered_wherever_it_can_be_typed() -> None:
    report = seen(
        source_id="wa-081234567890-7", title="Laporan Siti Nur Aisyah", body="NIK 3674 0141 0190 0001 di Ciputat",
        location={"text": "rumah Siti Nur Aisyah, hub 0812-3456-7890", "kelurahan": "siti@example.org"},
        category="081234567890", target_agency="081234567890", follow_up_of="081234567890",
        attachments=[
            {"uri": "https://files.example.org/Siti%20Nur%20Aisyah.jpg", "media_type": "image/jpeg"},
            {"uri": "https://files.example.org/2.jpg", "media_type": "image/jpeg;by=siti@example.org"},
            {"uri": "https://files.example.org/3.jpg", "media_type": "image/jpeg"},
        ],
        reporter=SITI,
    )  # fmt: skip

    assert (report.source_id, report.title, report.body) == (
        "wa-[telepon]-7", "Laporan [nama]", "NIK [NIK] di Ciputat",
    )  # fmt: skip
    assert report.location == Location(text="rumah [nama], hub [telepon], [email]", kecamatan="Ciputat")
    assert (report.category, report.target_agency, report.follow_up_of) == (None, None, None)
    assert [file.uri for file in report.attachments] == ["https://files.example.org/3.jpg"]
    assert report.flags == (
        "unknown_category", "unknown_target_agency", "unknown_place", "unknown_follow_up", "attachment_withheld",
    )  # fmt: skip


def test_a_name_in_a_source_id_is_not_masked() -> None:
    assert seen(source_id="laporan-budi-1", reporter={"name": "Budi"}).source_id == "laporan-budi-1"


@pytest.mark.parametrize(
    ("title", "body", "shown"),
    [
        (None, "Lampu mati di Ciputat. Sudah lama sekali.", "Lampu mati di Ciputat."),
        (" ", "Lampu mati di Ciputat. Sudah lama sekali.", "Lampu mati di Ciputat."),
        (None, "Saya 081234567890 di Ciputat. Lampu mati.", "Saya [telepon] di Ciputat."),
        (" Lampu ", "Lampu mati di Ciputat sudah lama.", "Lampu"),
    ],
)
def test_report_without_a_title_gets_one_from_its_text(title: str | None, body: str, shown: str) -> None:
    assert seen(title=title, body=body).title == shown


def test_insult_is_covered_and_remarked_on_and_the_report_is_kept() -> None:
    report = seen(title="Dasar anjing!", body="Dasar GOBLOK! Tapi jalan di RT 5 memang rusak.")

    assert (report.title, report.body) == ("[kata kasar]!", "Dasar [kata kasar]! Tapi jalan di RT 5 memang rusak.")
    assert report.flags == ("abusive_language",)


def test_insult_in_the_address_alone_is_covered_too() -> None:
    report = seen(location={"text": "depan rumah si goblok"})

    assert report.location == Location(text="depan rumah si [kata kasar]", kecamatan="Ciputat")


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, ()),
        ({"body": "Kabel putus di depan SD Ciputat, anak-anak lewat."}, ("possible_emergency",)),
        ({"title": "KEBAKARAN", "body": "Di Ciputat dekat pasar, cepat tolong."}, ("possible_emergency",)),
        ({"submitted_at": NOON + MINUTES_5}, ()),
        ({"submitted_at": NOON + MINUTES_5 + timedelta(milliseconds=1)}, ("clock_skew",)),
        ({"category": "KTP"}, ()),
        ({"category": "sihir"}, ("unknown_category",)),
        ({"category": ""}, ()),
        ({"target_agency": "dlh"}, ()),
        ({"target_agency": "dlhk"}, ("unknown_target_agency",)),
        ({"location": {"kelurahan": "Kebayoran"}}, ("unknown_place",)),
        ({"location": {"kelurahan": "Rempoa", "kecamatan": "Serpong"}}, ("place_conflict",)),
        ({"follow_up_of": TRACKING}, ()),
        ({"follow_up_of": "1234567"}, ("unknown_follow_up",)),
        ({"follow_up_of": ""}, ()),
    ],
)
def test_notable_properties_of_a_report_are_flagged(changes: dict[str, Any], flags: tuple[str, ...]) -> None:
    personal = {"reporter": SITI} if changes.get("category") == "KTP" else {}

    assert seen(**changes, **personal).flags == flags


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"body": PLACELESS}, ("location",)),
        ({"body": "Gelap sekali di sini"}, ("location", "description")),
        ({"body": PLACELESS, "location": {"text": "depan SD"}}, ()),
        ({"body": PLACELESS, "location": {"text": " "}}, ("location",)),
        ({"body": PLACELESS, "location": {"latitude": -6.3, "longitude": 106.7}}, ()),
        ({"body": PLACELESS, "location": {"latitude": -8.65, "longitude": 115.22}}, ("location",)),
        ({"body": PLACELESS, "location": {"kecamatan": "Serpong"}}, ()),
        ({"body": "Lampu mati di Jl. Siliwangi sudah lama"}, ()),
        ({"body": "Lampu mati di Gg. Haji Taip sudah lama"}, ()),
        ({"body": "Lampu mati di RT 05 sudah lama"}, ()),
        ({"body": "Lampu mati di perumahan griya sudah lama"}, ()),
        ({"body": "jalan rusak parah depan rumah saya"}, ("location",)),
        ({"body": PLACELESS, "title": "Jalan Siliwangi gelap"}, ()),
        ({"body": "Bagaimana cara mengurus akta yang hilang?", "classification": "information_request"}, ()),
        ({"body": PLACELESS, "classification": "aspiration"}, ()),
        ({"body": PLACELESS, "classification": "complaint"}, ("location",)),
        ({"body": "KTP saya belum juga jadi", "category": "ktp", "reporter": SITI}, ()),
        ({"body": "KTP saya belum juga jadi", "category": "ktp", "reporter": {"locale": "en"}}, ("identity",)),
        ({"body": "KTP saya belum jadi", "category": "ktp"}, ("description", "identity")),
    ],
)
def test_missing_details_are_listed(changes: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert seen(**{"title": None, **changes}).missing == missing


def test_unknown_place_names_stay_as_words_of_the_address() -> None:
    report = seen(location={"text": "Jl. Sultan", "kelurahan": "Kebayoran", "kecamatan": "Cilandak"})

    assert report.location == Location(text="Jl. Sultan, Kebayoran, Cilandak", kecamatan="Ciputat")


def test_address_keeps_within_its_limit() -> None:
    report = seen(location={"text": "x" * 500, "kelurahan": "Kebayoran"})

    assert report.location == Location(text="x" * 500, kecamatan="Ciputat")


def test_report_without_any_place_has_no_location() -> None:
    assert seen(title=None, body=PLACELESS, location={"text": ""}).location is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "flags"),
    [
        (-6.39, 106.62, ()),
        (-6.21, 106.8, ()),
        (-6.3901, 106.7, ("outside_city",)),
        (-6.2099, 106.7, ("outside_city",)),
        (-6.3, 106.6199, ("outside_city",)),
        (-6.3, 106.8001, ("outside_city",)),
        (0, 0, ("outside_city",)),
    ],
)
def test_coordinates_outside_the_city_are_flagged_and_not_used(
    latitude: float, longitude: float, flags: tuple[str, ...]
) -> None:
    report = seen(location={"kelurahan": "Rempoa", "latitude": latitude, "longitude": longitude})

    assert report.flags == flags
    assert report.location == Location(
        kelurahan="Rempoa",
        kecamatan="Ciputat Timur",
        latitude=None if flags else latitude,
        longitude=None if flags else longitude,
    )


def test_a_city_without_bounds_takes_any_coordinates() -> None:
    report = accepted(
        TICKET, submitted(location={"latitude": 0, "longitude": 0}), arrival(), replace(RULES, bounds=None)
    )

    assert (report.flags, report.location) == ((), Location(kecamatan="Ciputat", latitude=0, longitude=0))


def test_an_email_address_that_few_relays_deliver_to_is_flagged() -> None:
    assert seen(reporter={"email": "wärga@warga.example"}).flags == ("unusable_email",)


def test_the_catalogue_describes_every_flag() -> None:
    report = submitted()

    codes = flags(read_report(report, RULES), arrival(), RULES)

    described, _ = FIELDS["flags"]
    assert set(re.findall(r"`(\w+)`", described)) == {*codes, *sensitive_flags("child_abuse")}
