"""Notices as somebody would get them, made of sample values; nothing here knows a real report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notify.tooling import (
    DIGEST,
    EMAIL,
    INTRODUCTION,
    OF_AGENCY,
    REPORTER,
    SMS,
    WHATSAPP,
    Measured,
    Notice,
    NoticePolicy,
    file_of,
    measured,
)
from shared.events import BreachEscalated, ClockBreached
from shared.policy.loading import unknown
from tindak.console import Failure
from tindak.policy.samples import DUE_AT, NOW, digests, introduced, usual

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English", "jv": "Basa Jawa (krama)", "su": "Basa Sunda (lemes)"}
WRITTEN_AT = {
    ClockBreached.TYPE: DUE_AT + timedelta(minutes=1),
    BreachEscalated.TYPE: DUE_AT + timedelta(days=2, minutes=1),
}
"""When a notice of an event is written, where that is not before the due time."""
CHANNELS = (EMAIL, WHATSAPP, SMS)
BESIDES = (INTRODUCTION, DIGEST)
"""Texts that no event brings about by itself."""
TOLD: Mapping[str, Mapping[str, object]] = {
    "agency_emergency": {"title": "Kabel listrik putus di jalan"},
    "archived": {"reason": "unclear"},
    "due_changed": {"reason": "held"},
    "late": {"clock": "resolve"},
    "ops_emergency": {"title": "Kabel listrik putus di jalan"},
    "outside": {"agency_name": "Admin Nasional", "reason": "Jalan tol adalah wewenang Kementerian Pekerjaan Umum."},
    "split": {
        "parts": [
            {"number": 1, "agency_name": "Dinas Perhubungan"},
            {"number": 2, "agency_name": "Dinas Lingkungan Hidup"},
        ]
    },
    "routed": {"advice": None},
    "triage_emergency": {"title": "Kabel listrik putus di jalan"},
    "triage_request": {"reason": "close_call"},
    "waiting": {"reason": "field_work"},
}
"""What an event tells in codes, or differently from the usual; by template."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One notice in one language on one channel.

    Args:
        size: As a text message would travel; of the body alone.
        html: What goes out beside the body; None on other channels than e-mail.
    """

    notice: str
    language: str
    channel: str
    subject: str
    body: str
    html: str | None
    size: Measured

    @property
    def as_json(self) -> dict[str, Any]:
        """Return what is printed of it."""
        return {
            "notice": self.notice,
            "channel": self.channel,
            "language": self.language,
            "subject": self.subject,
            "body": self.body,
            "characters": len(self.body),
            "encoding": self.size.encoding,
            "units": self.size.units,
            "segments": self.size.segments,
        }


def rules_by_code(policy: NoticePolicy) -> dict[str, Notice]:
    """Return the notices of a policy by code."""
    return {notice.code: notice for notice in policy.rules.notices}


def specimen(policy: NoticePolicy, code: str, language: str, channel: str) -> Specimen:
    """Return a notice, or one of `BESIDES`, in *language* or what is sent instead.

    Raises:
        Failure: There is no such notice, or the channel does not show it: a digest is a mail.
    """
    if code == DIGEST and channel != EMAIL:
        raise Failure("A digest goes out by e-mail alone.")
    template, spoken = template_of(policy, code), language
    if file_of(template, language) not in policy.templates.sources:
        spoken = policy.default_language
    rule = rules_by_code(policy).get(code)
    values = usual(policy, spoken, channel, WRITTEN_AT.get(rule.on, NOW) if rule else NOW)
    if code == DIGEST:
        given = next(digests(policy, spoken))
    else:
        given = introduced(values) if code == INTRODUCTION else {**values, **TOLD.get(template, {})}
    text = policy.templates.render(template, spoken, given, channel)
    return Specimen(code, spoken, channel, text.subject, text.body, text.html, measured(text.body.rstrip("\n")))


def template_of(policy: NoticePolicy, code: str) -> str:
    """Return the template of a notice; raise Failure if there is no such notice."""
    rules = rules_by_code(policy)
    if code in BESIDES:
        return code
    if code not in rules:
        raise Failure(unknown("notice", code, (*rules, *BESIDES), "the policy"))
    return rules[code].template


def of_template(policy: NoticePolicy, code: str) -> Iterator[str]:
    """Yield the languages in which there is a text of a notice, in the order of `LANGUAGES`."""
    template = template_of(policy, code)
    return (language for language in LANGUAGES if file_of(template, language) in policy.templates.sources)


def readers(policy: NoticePolicy, code: str) -> tuple[str, ...]:
    """Return the roles that a notice goes to."""
    if code == DIGEST:
        return tuple(sorted(OF_AGENCY, reverse=True))
    return (REPORTER,) if code == INTRODUCTION else rules_by_code(policy)[code].to
