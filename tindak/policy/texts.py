"""Renders every text of a policy as its readers would see it, to find those that fail or say nothing; sends none."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import TemplateError

from services.notify.tooling import HEARD, INTRODUCTION, NOTICES_FILE, OF_AGENCY, Notice, NoticePolicy, file_of
from shared.policy.loading import PolicyFault

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
    "link": "https://lapor.example/t/aAbB",
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
    "title": "Lampu jalan mati",
    "tracking_id": "K7QF-9D2MX-4Q",
}
INTRODUCED: Mapping[str, object] = {
    **dict.fromkeys(SAMPLES),
    "city": "Kota",
    "missing": [],
    "tracking_id": "K7QF-9D2MX-4Q",
}
ALWAYS_KNOWN = frozenset({"city", "missing", "title", "tracking_id"})
TOLD_AS = {"agency": "agency_name", "overdue_seconds": "overdue", "remaining_seconds": "remaining", "text": "note"}
NOTHING = re.compile(r"\bNone\b")
FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def faults_of_texts(folder: Path, policy: NoticePolicy) -> Iterator[PolicyFault]:
    """Yield what is wrong with the texts in *folder*: those that no notice uses, and those that do not work."""
    yield from _unused_texts(folder, policy)
    languages = sorted({policy.default_language, *policy.language_of_locale.values()})
    for language in languages:
        if sentence := _failing(policy, INTRODUCTION, language, INTRODUCED):
            yield PolicyFault(str(folder / file_of(INTRODUCTION, language)), 1, sentence)
    for notice in policy.rules.notices:
        for language in languages:
            for values in (SAMPLES, _surely_known(notice)):
                if sentence := _failing(policy, notice.template, language, values):
                    yield PolicyFault(str(folder / file_of(notice.template, language)), 1, sentence)


def _unused_texts(folder: Path, policy: NoticePolicy) -> Iterator[PolicyFault]:
    used = {INTRODUCTION, *(notice.template for notice in policy.rules.notices)}
    for file, content in policy.templates.sources.items():
        if any(f'"{file}"' in other for other in policy.templates.sources.values()):
            continue
        if file.split(".")[0] not in used:
            yield PolicyFault(str(folder / file), 1, f"no notice of {NOTICES_FILE} uses this text")
        elif content.partition("\n")[2][:1] not in ("\n", ""):
            yield PolicyFault(str(folder / file), 2, "the line below the subject must be empty")


def _surely_known(notice: Notice) -> Mapping[str, object]:
    """Return values for what is told whenever *notice* goes out; everything else is None."""
    required = {name for name, field in HEARD[notice.on].model_fields.items() if field.is_required()}
    known = ALWAYS_KNOWN | {TOLD_AS.get(name, name) for name in required}
    if OF_AGENCY.issuperset(notice.to) or "agency" in notice.when:
        known |= {"agency_name"}
    values: dict[str, object] = {name: value if name in known else None for name, value in SAMPLES.items()}
    return values | {"missing": []}


def _failing(policy: NoticePolicy, template: str, language: str, values: Mapping[str, object]) -> str | None:
    """Return what is wrong with a text that is given *values*, or None."""
    try:
        text = policy.templates.render(template, language, values)
    except FAILURES as error:
        return f"this text cannot be rendered: {error}"
    if not text.subject or not text.body.strip():
        return "subject or text is empty"
    if NOTHING.search(text.subject + text.body):
        source = policy.templates.sources[file_of(template, language)]
        used = ", ".join(sorted(f"`{name}`" for name, value in values.items() if value is None and name in source))
        return f"this text says `None` where something is not told; that may be so for {used}"
    return None
