"""Every refusal says exactly what applies, in both languages; in doubt nothing does."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.intake.domain.refusals import refusal_reasons
from shared.events import ComplaintSubmitted, Reason
from tests.builders import submitted
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import RULES, rules

pytestmark = pytest.mark.unit

DAYS_30, HOURS_24 = timedelta(days=30), timedelta(hours=24)
TICK = timedelta(milliseconds=1)


def against(report: ComplaintSubmitted, arrived_at: Any = NOON) -> list[tuple[str, str | None]]:
    """Return code and field of everything that speaks against a report."""
    return [(reason.code, reason.field) for reason in refusal_reasons(report, arrived_at, RULES)]


def test_plain_report_is_not_refused() -> None:
    assert refusal_reasons(submitted(), NOON, RULES) == ()


def test_every_reason_that_applies_is_given() -> None:
    report = submitted(
        channel="webb", submitted_at=NOON - DAYS_30 - TICK, occurred_on=date(2026, 3, 3), title=None, body="tes"
    )

    assert refusal_reasons(report, NOON, RULES) == (
        Reason(
            code="unknown_channel",
            field="channel",
            message_id="Kanal `webb` tidak terdaftar; mungkin `web`?",
            message_en="The channel `webb` is not registered; did you mean `web`?",
        ),
        Reason(
            code="outside_retention",
            field="submitted_at",
            message_id="Laporan dikirim lebih dari 30 hari sebelum sampai (submitted_at); buat laporan baru.",
            message_en="The report was sent more than 30 days before it arrived (submitted_at); make a new one.",
        ),
        Reason(
            code="schema_violation",
            field="occurred_on",
            message_id="Tanggal kejadian (occurred_on) setelah hari ini, 2026-03-02.",
            message_en="The date of the event (occurred_on) is after today, 2026-03-02.",
        ),
        Reason(
            code="spam",
            field="body",
            message_id="Isi laporan hanya kata uji coba atau huruf berulang; tuliskan apa yang terjadi dan di mana.",
            message_en="The report is only test words or repeated letters; say what happened and where.",
        ),
    )


@pytest.mark.parametrize("channel", ["web", "sms_1708", "partner_klaten", "partner_kota_2"])
def test_registered_channel_is_taken(channel: str) -> None:
    assert against(submitted(channel=channel)) == []


@pytest.mark.parametrize("channel", ["fax", "WEB", "web_", "partner", "partner_", "partner_ x", "partner_A", "sms_"])
def test_any_other_channel_is_unknown(channel: str) -> None:
    assert against(submitted(channel=channel)) == [("unknown_channel", "channel")]


def test_channel_like_no_other_gets_no_suggestion() -> None:
    (reason,) = refusal_reasons(submitted(channel="fax"), NOON, RULES)

    assert reason.message_id == "Kanal `fax` tidak terdaftar."
    assert reason.message_en == "The channel `fax` is not registered."


@pytest.mark.parametrize(
    ("sent_after_arrival", "reasons"),
    [
        (-DAYS_30 - TICK, [("outside_retention", "submitted_at")]),
        (-DAYS_30, []),
        (-DAYS_30 + TICK, []),
        (HOURS_24 - TICK, []),
        (HOURS_24, []),
        (HOURS_24 + TICK, [("schema_violation", "submitted_at")]),
    ],
)
def test_time_of_sending_must_be_near_the_arrival(
    sent_after_arrival: timedelta, reasons: list[tuple[str, str | None]]
) -> None:
    assert against(submitted(submitted_at=NOON + sent_after_arrival)) == reasons


def test_clock_ahead_of_the_arrival_is_named() -> None:
    (reason,) = refusal_reasons(submitted(submitted_at=NOON + timedelta(days=2)), NOON, RULES)

    assert reason.message_id == "submitted_at lebih dari 24 jam setelah laporan sampai; periksa jam pengirim."
    assert reason.message_en == "submitted_at is more than 24 hours after the arrival; check the sender's clock."


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00"])
def test_first_and_last_instants_can_be_judged(sent: str) -> None:
    assert len(against(submitted(submitted_at=sent))) == 1


@pytest.mark.parametrize(
    ("occurred_on", "arrived_at", "refused"),
    [
        (date(2026, 3, 2), NOON, False),
        (date(2026, 3, 3), NOON, True),
        (date(2026, 3, 3), NOON + timedelta(hours=11, minutes=59), True),
        (date(2026, 3, 3), NOON + timedelta(hours=12), False),
        (date(1900, 1, 1), NOON, False),
    ],
)
def test_day_of_the_event_is_not_after_the_day_of_arrival(occurred_on: date, arrived_at: Any, refused: bool) -> None:
    """The day begins at midnight in the city, five hours after noon here plus seven."""
    reasons = [("schema_violation", "occurred_on")] if refused else []

    assert against(submitted(occurred_on=occurred_on, submitted_at=arrived_at), arrived_at) == reasons


@pytest.mark.parametrize("body", ["", " \n", "...", "😡😡😡"])
def test_report_without_text_is_empty(body: str) -> None:
    assert against(submitted(body=body)) == [("empty", "body")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("https://example.org/promo", "only a link"),
        ("aaaaaaa aaaaaaa test test test", "only test words or repeated letters"),
        ("ASDF", "only test words or repeated letters"),
        ("ada ad", "fewer than 3 different letters"),
        ("12345", "fewer than 3 different letters"),
    ],
)
def test_a_report_without_content_is_spam_with_a_reason(body: str, said: str) -> None:
    (reason,) = refusal_reasons(submitted(title=None, body=body), NOON, RULES)

    assert (reason.code, reason.field) == ("spam", "body")
    assert said in reason.message_en


@pytest.mark.parametrize(
    "body", ["asap", "tolong tolong tolong", "tes banjir", "lihat https://example.org", "pju mati"]
)
def test_a_short_report_that_may_mean_something_is_accepted(body: str) -> None:
    assert against(submitted(title=None, body=body)) == []


@pytest.mark.parametrize("body", ["test", "https://example.org", "aaa", "123"])
def test_a_report_with_a_meaningful_title_is_accepted(body: str) -> None:
    assert against(submitted(title="Lampu jalan mati", body=body)) == []


def test_limits_are_the_policys() -> None:
    strict = rules(limits=replace(RULES.limits, retention=timedelta(days=1), letters_min=30))

    reasons = refusal_reasons(submitted(submitted_at=NOON - timedelta(days=2)), NOON, strict)

    assert [reason.code for reason in reasons] == ["outside_retention", "spam"]


@pytest.mark.parametrize(
    ("location", "reasons"),
    [
        ({"latitude": -6.3, "longitude": 106.7}, []),
        ({"text": "depan pasar"}, []),
        ({"latitude": -6.3}, [("schema_violation", "location.longitude")]),
        ({"longitude": 106.7}, [("schema_violation", "location.latitude")]),
    ],
)
def test_half_a_pair_of_coordinates_is_refused(location: dict[str, Any], reasons: list[tuple[str, str | None]]) -> None:
    assert against(submitted(location=location)) == reasons


@pytest.mark.parametrize(
    "email", ["warga@@x", "warga@@warga.example", "warga", "warga@x", "Siti <siti@warga.example>", "0812-3456-7890"]
)
def test_an_invalid_email_address_is_refused_without_quoting_it(email: str) -> None:
    (reason,) = refusal_reasons(submitted(reporter={"email": email}), NOON, RULES)

    said = reason.message_id + reason.message_en

    assert RULES.masker.mask(said) == said
    assert reason == Reason(
        code="schema_violation",
        field="reporter.email",
        message_id="reporter.email bukan alamat surel; perbaiki atau kosongkan.",
        message_en="reporter.email is no e-mail address; correct it or leave it out.",
    )


@pytest.mark.parametrize("email", [None, "", "  ", "siti@warga.example", " siti@warga.example ", "wärga@warga.example"])
def test_an_email_address_may_be_absent_padded_or_beyond_ascii(email: str | None) -> None:
    assert against(submitted(reporter={"email": email})) == []


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "file:///etc/passwd", "//x/1.jpg",
        "1.jpg", "https:", "https://", "https:///1.jpg", " https://x/1.jpg", "https://x/1 2.jpg", "java\nscript:x",
        "ftp://x/1.jpg",
    ],
)  # fmt: skip
def test_an_attachment_that_is_no_link_to_a_file_is_refused(uri: str) -> None:
    files = [{"uri": "https://x/1.jpg", "media_type": "image/jpeg"}, {"uri": uri, "media_type": "image/jpeg"}]

    (reason,) = refusal_reasons(submitted(attachments=files), NOON, RULES)

    assert reason == Reason(
        code="schema_violation",
        field="attachments.1.uri",
        message_id="attachments.1.uri harus berupa tautan https, http, s3 atau gs tanpa spasi.",
        message_en="attachments.1.uri must be an https, http, s3 or gs link without white space.",
    )


@pytest.mark.parametrize("uri", ["https://x.example/a?b=c#d", "http://10.0.0.7:9000/1", "S3://foto/1.jpg", "gs://b/1"])
def test_an_attachment_on_the_web_or_in_an_object_store_is_taken(uri: str) -> None:
    assert against(submitted(attachments=[{"uri": uri, "media_type": "image/jpeg"}])) == []
