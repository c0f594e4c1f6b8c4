"""Validates a submission; each thing that is wrong has a code and a sentence in both languages."""

import base64
import difflib
from collections.abc import Collection, Iterator
from datetime import datetime

from services.intake.domain.non_report_answers import reason_for
from services.intake.domain.non_reports import Recognised, may_be_none
from services.intake.domain.rules import Rules
from services.intake.domain.wording import has_fewer_letters, has_no_characters, is_only_filler, is_only_link
from shared.events import ComplaintSubmitted, Location, Reason, Reporter, attachment_reasons, violation
from shared.ids import parse_tracking_id
from shared.mail_addresses import is_usable
from shared.text import folded_text
from shared.values import replace

SEAL_BYTES = 48  # what is sealed is longer by a key and a tag
TO_STANDARD_ALPHABET = str.maketrans("-_", "+/")


def refusal_reasons(
    submitted: ComplaintSubmitted, arrived_at: datetime, rules: Rules, key_ids: Collection[str] = ()
) -> tuple[Reason, ...]:
    """Return everything that speaks against taking a report, none if nothing does.

    Depends on nothing but the report, when it arrived, the policy and the keys that a channel may seal with, whose ids
    are *key_ids*; so that the same report is refused in the same words if it is handled again.
    """
    return (
        *channel_reasons(submitted.channel, rules),
        *_time_reasons(submitted, arrived_at, rules),
        *_text_reasons(submitted, rules),
        *_place_reasons(submitted.location),
        *attachment_reasons(submitted.attachments),
        *_email_reasons(submitted.reporter),
        *_sealed_reasons(submitted, rules, key_ids),
    )


def channel_reasons(channel: str, rules: Rules) -> Iterator[Reason]:
    """Yield the reason against a channel that is not in the registry."""
    if not rules.knows_channel(channel):
        close = difflib.get_close_matches(channel, sorted(rules.channels), n=1)
        yield Reason(
            code="unknown_channel",
            field="channel",
            message_id=f"Kanal `{channel}` tidak terdaftar" + (f"; mungkin `{close[0]}`?" if close else "."),
            message_en=f"The channel `{channel}` is not registered"
            + (f"; did you mean `{close[0]}`?" if close else "."),
        )


def _time_reasons(submitted: ComplaintSubmitted, arrived_at: datetime, rules: Rules) -> Iterator[Reason]:
    limits = rules.limits
    if submitted.submitted_at - arrived_at > limits.ahead:
        hours = _hours_of(limits.ahead.total_seconds())
        yield Reason(
            code="schema_violation",
            field="submitted_at",
            message_id=f"submitted_at lebih dari {hours} jam setelah laporan sampai; periksa jam pengirim.",
            message_en=f"submitted_at is more than {hours} hours after the arrival; check the sender's clock.",
        )
    if arrived_at - submitted.submitted_at > limits.retention:
        days = limits.retention.days
        yield Reason(
            code="outside_retention",
            field="submitted_at",
            message_id=f"Laporan dikirim lebih dari {days} hari sebelum sampai (submitted_at); buat laporan baru.",
            message_en=f"The report was sent more than {days} days before it arrived (submitted_at); make a new one.",
        )
    occurred_on = submitted.occurred_on
    if occurred_on is not None and occurred_on > (today := arrived_at.astimezone(rules.zone).date()):
        yield Reason(
            code="schema_violation",
            field="occurred_on",
            message_id=f"Tanggal kejadian (occurred_on) setelah hari ini, {today}.",
            message_en=f"The date of the event (occurred_on) is after today, {today}.",
        )


def _hours_of(seconds: float) -> str:
    return f"{seconds / 3600:g}"


def _text_reasons(submitted: ComplaintSubmitted, rules: Rules) -> Iterator[Reason]:
    text = folded_text(f"{submitted.title or ''}\n{submitted.body}")
    if has_no_characters(submitted.body):
        yield _body_reason("empty", "Isi laporan kosong.", "The report has no text.")
    elif is_only_link(text):
        yield _body_reason(
            "spam",
            "Isi laporan hanya tautan; tuliskan apa yang terjadi dan di mana.",
            "The report is only a link; say what happened and where.",
        )
    elif is_only_filler(text, rules.filler):
        yield _body_reason(
            "spam",
            "Isi laporan hanya kata uji coba atau huruf berulang; tuliskan apa yang terjadi dan di mana.",
            "The report is only test words or repeated letters; say what happened and where.",
        )
    elif has_fewer_letters(text, rules.limits.letters_min):
        yield _body_reason(
            "spam",
            f"Isi laporan memakai kurang dari {rules.limits.letters_min} huruf berbeda; tuliskan apa yang terjadi.",
            f"The report has fewer than {rules.limits.letters_min} different letters; say what happened.",
        )
    elif (found := recognised_in(submitted, text, rules)) is not None:
        yield reason_for(found)


def recognised_in(submitted: ComplaintSubmitted, text: str, rules: Rules) -> Recognised | None:
    """Return what a submission is if it is no report.

    Args:
        text: Its title and body, folded.
    """
    found = rules.non_reports.recognise(text) if may_be_none(submitted) else None
    if found is None or found.tracking_ids:
        return found
    named = parse_tracking_id(submitted.follow_up_of or "")
    return replace(found, tracking_ids=(named,)) if named else found


def _body_reason(code: str, message_id: str, message_en: str) -> Reason:
    return Reason(code=code, field="body", message_id=message_id, message_en=message_en)


def _place_reasons(location: Location | None) -> Iterator[Reason]:
    if location is None or (location.latitude is None) is (location.longitude is None):
        return
    given, absent = ("latitude", "longitude") if location.longitude is None else ("longitude", "latitude")
    yield Reason(
        code="schema_violation",
        field=f"location.{absent}",
        message_id=f"location.{absent} wajib diisi bila location.{given} diisi.",
        message_en=f"location.{absent} is required where location.{given} is given.",
    )


def _email_reasons(reporter: Reporter | None) -> Iterator[Reason]:
    """Yield the reason against a text that is no e-mail address; one beyond ASCII is taken, and flagged."""
    address = (reporter.email or "").strip() if reporter else ""
    if address and address.isascii() and not is_usable(address):
        yield Reason(
            code="schema_violation",
            field="reporter.email",
            message_id="reporter.email bukan alamat surel; perbaiki atau kosongkan.",
            message_en="reporter.email is no e-mail address; correct it or leave it out.",
        )


def _may_be_sealed(text: str) -> bool:
    """Return whether *text* is base64, in either alphabet, of as many bytes as anything sealed has."""
    try:
        return len(base64.b64decode(text.translate(TO_STANDARD_ALPHABET).encode(), validate=True)) > SEAL_BYTES
    except ValueError:
        return False


def _sealed_reasons(submitted: ComplaintSubmitted, rules: Rules, key_ids: Collection[str]) -> Iterator[Reason]:
    """Yield the reasons against a reporter whom the channel has sealed; what is sealed is not opened here."""
    given = submitted.reporter_sealed
    if given is None:
        return
    if submitted.reporter is not None:
        yield violation(
            "reporter_sealed",
            "reporter dan reporter_sealed tidak boleh diisi bersama; kirim salah satu.",
            "reporter and reporter_sealed must not both be given; send one of them.",
        )
    if given.key_id not in key_ids:
        yield violation(
            "reporter_sealed.key_id",
            "reporter_sealed.key_id bukan kunci yang berlaku; ambil kunci publik terbaru.",
            "reporter_sealed.key_id is no key in use; fetch the published key again.",
        )
    if not _may_be_sealed(given.sealed):
        yield violation(
            "reporter_sealed.sealed",
            "reporter_sealed.sealed bukan base64 dari kontak yang disegel.",
            "reporter_sealed.sealed is not the base64 of a sealed contact.",
        )
    # What it is bound to is told with it, and nobody here knows whose number stands in it.
    if rules.masker.mask_code(submitted.source_id) != submitted.source_id:
        yield violation(
            "source_id",
            "source_id memuat nomor atau alamat seseorang; dengan reporter_sealed hal itu tidak boleh.",
            "source_id holds a number or an address of somebody, which it must not with reporter_sealed.",
        )


ERASED = Reason(
    code="erased",
    field="source_id",
    message_id="Data pelapor laporan ini sudah dihapus selamanya; source_id ini tidak diterima lagi.",
    message_en="This report's reporter has been erased for good; nothing is taken under this source_id any more.",
)
SOURCE_ID_CONFLICT = Reason(
    code="source_id_conflict",
    field="source_id",
    message_id="source_id ini sudah dipakai kanal ini untuk laporan dengan isi lain; beri laporan baru source_id baru.",
    message_en="This channel has used this source_id for a report with another text; give a new report a new one.",
)
