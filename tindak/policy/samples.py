"""Values with which texts are tried: usual ones, the longest that occur, and those that are known for certain."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.notify.tooling import (
    HEARD,
    OF_AGENCY,
    ROWS_MAX,
    SMS,
    Complaint,
    Contents,
    Notice,
    NoticePolicy,
    Row,
    digest_values,
    due,
    duration,
)
from shared.events import SlaClock

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
DUE_AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
SAMPLES: Mapping[str, object] = {
    "advice": "Bila ada bahaya, hubungi 112.",
    "agency_name": "Dinas Perhubungan",
    "answer": "Lampu sudah diganti hari ini.",
    "by": "reporter",
    "city": "Kota",
    "classification": "complaint",
    "clock": "respond",
    "due_at": "Selasa, 1 Desember 2026 pukul 16.00 WIB",
    "level": 2,
    "link": "https://lapor.tangerangselatankota.go.id/t/aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYz",
    "missing": ["location"],
    "name": "Siti",
    "note": "Teknisi berangkat pagi ini.",
    "overdue": "7 jam 30 menit",
    "parts": [{"number": 1, "agency_name": "Dinas Perhubungan"}],
    "percent": 80,
    "place": "Ciputat",
    "priority": "high",
    "question": "Di dekat rumah nomor berapa?",
    "rating": 5,
    "reason": "Lampu masih mati.",
    "remaining": "3 jam",
    "stopped": None,
    "title": "Lampu jalan mati",
    "tracking_id": "K7QF-9D2MX-4Q",
}
ALWAYS_KNOWN = frozenset({"city", "missing", "title", "tracking_id"})
TOLD_AS = {"agency": "agency_name", "overdue_seconds": "overdue", "remaining_seconds": "remaining", "text": "note"}
WRITTEN_MAX = 60  # of what somebody wrote, so much shall find room in a short text beside everything else
LONG_WORDS = "Sudah kami periksa di lapangan, dan perbaikannya dijadwalkan pekan ini bersama warga setempat"


def usual(policy: NoticePolicy, language: str, channel: str, now: datetime = NOW) -> dict[str, object]:
    """Return what a text is usually given, in a language, as a channel shows it at *now*."""
    return dict(SAMPLES) | {
        "city": policy.city,
        "due_at": due(DUE_AT, language, policy.zone, now, policy.working_time(), brief=channel == SMS),
        "overdue": duration(27_000, language),
        "remaining": duration(10_800, language),
    }


def longest(policy: NoticePolicy, language: str, channel: str) -> dict[str, object]:
    """Return the longest values that are usual: of names those of the policy, of instants those of a year."""
    days = (DUE_AT + timedelta(days=day) for day in range(366))
    asked = [(at, at + timedelta(days=far)) for at in days for far in (-60, 60)]
    work, brief = policy.working_time(), channel == SMS
    dues = (due(at, language, policy.zone, now, work, brief=brief) for at, now in asked)
    agency = max((agency.name for agency in policy.directory.agencies), key=len)
    written = LONG_WORDS[:WRITTEN_MAX].rstrip()
    return usual(policy, language, channel) | {
        "agency_name": agency,
        "answer": written,
        "due_at": max(dues, key=len),
        "missing": ["location", "description", "occurred_on", "evidence", "identity"],
        "name": "Raden Ajeng Siti Aminah Kusumawardhani Prawirodiningrat",
        "note": written,
        "overdue": duration(399_540, language),
        "parts": [{"number": number, "agency_name": agency} for number in range(1, 13)],
        "place": "Jalan Raya Serpong Kilometer 7, Pakulonan, Serpong Utara",
        "question": written,
        "remaining": duration(399_540, language),
        "stopped": True,
        "title": LONG_WORDS[:80].rstrip(),
        "tracking_id": f"{SAMPLES['tracking_id']}/12",
    }


def surely_known(notice: Notice, values: Mapping[str, object]) -> dict[str, object]:
    """Return of *values* what is told whenever *notice* goes out; everything else is None."""
    required = {name for name, field in HEARD[notice.on].model_fields.items() if field.is_required()}
    known = ALWAYS_KNOWN | {TOLD_AS.get(name, name) for name in required}
    if OF_AGENCY.issuperset(notice.to) or "agency" in notice.when:
        known |= {"agency_name"}
    given: dict[str, object] = {name: value if name in known else None for name, value in values.items()}
    return given | {"missing": []}


def introduced(values: Mapping[str, object]) -> dict[str, object]:
    """Return of *values* what somebody reads of whom nobody knows whether the report is theirs."""
    known = {name: values[name] for name in ("city", "tracking_id")}
    return dict.fromkeys(values) | known | {"missing": []}


def digests(policy: NoticePolicy, language: str) -> Iterator[dict[str, object]]:
    """Yield what the text of a digest is given: as is usual, the longest and the most, and the least."""
    agency = max(policy.directory.agencies, key=lambda each: len(each.name))
    for told in (
        _usual_digest(),
        _longest_digest(policy),
        Contents(overdue=(_row(1),)),
        Contents(gone=(_row(1, news=("unknown",)),)),
    ):
        yield digest_values(policy, agency.code, told, language, NOW)


def _usual_digest() -> Contents:
    late = (
        _row(1, clock=SlaClock.RESPOND, due_at=NOW - timedelta(days=2), news=("agency_breach",)),
        _row(2, due_at=NOW - timedelta(hours=3), title="Sampah menumpuk di depan pasar", state="reopened"),
    )
    today = (_row(3, due_at=NOW + timedelta(hours=4), title="Lubang di jalan depan sekolah", followers=12),)
    others = (
        _row(4, due_at=DUE_AT, title="Lampu lalu lintas padam", news=("agency_new_ticket", "agency_reply")),
        _row(5, title="Pohon tumbang menutup trotoar", state="held"),
    )
    return Contents(late, today, others, (_row(6, title="Papan nama jalan hilang", news=("agency_withdrawn",)),))


def _longest_digest(policy: NoticePolicy) -> Contents:
    codes = tuple(notice.code for notice in policy.rules.notices if OF_AGENCY & set(notice.to))
    late = tuple(
        _row(number, title=LONG_WORDS, due_at=NOW - timedelta(days=400), news=codes, followers=4321, number=12)
        for number in range(3 * ROWS_MAX)
    )
    return Contents(late, gone=late)


def _row(index: int, title: str = "Lampu jalan mati", **changes: Any) -> Row:
    plain: dict[str, Any] = {
        "ticket_id": str(index), "tracking_id": f"K7QF-9D2M{index % 10}-4Q", "number": None, "state": "routed",
        "complaint": Complaint(title, None, None, (), emergency=False), "clock": SlaClock.RESOLVE, "due_at": None,
        "news": (), "is_open": True,
    }  # fmt: skip
    return Row(**(plain | changes))
