"""What is wrong with a record that is no event, in sentences for people that quote nothing of it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.events.base import Attachment, HiddenCharacter, Reason
from shared.output import HIDDEN
from shared.topics import ADDRESS_BYTES_MAX, VALUE_BYTES_MAX

REASONS_MAX = 20
TECHNICAL_NAME = re.compile(r"[$@]?[a-z][a-z0-9_.:/-]{0,63}|\d{1,3}(?:\.\d{1,3}){0,2}")
# A list of what is allowed, for browsers open more kinds of link than anybody could forbid (`javascript:`, `data:`).
ATTACHMENT_LINK = re.compile(r"(?:https?|s3|gs)://[^\s/]\S*", re.IGNORECASE)

# What pydantic calls a fault, and how it is told: in Indonesian and in English, after the field's name.
SENTENCES = {
    "missing": ("wajib diisi", "is required"),
    "string_type": ("harus berupa teks", "must be text"),
    "string_unicode": ("bukan teks Unicode yang sah", "is not valid Unicode text"),
    "string_pattern_mismatch": ("tidak sesuai pola {pattern}", "does not match the pattern {pattern}"),
    "bool_type": ("harus true atau false", "must be true or false"),
    "bool_parsing": ("harus true atau false", "must be true or false"),
    "int_type": ("harus bilangan bulat", "must be a whole number"),
    "int_parsing": ("harus bilangan bulat", "must be a whole number"),
    "int_parsing_size": ("terlalu besar", "is too large"),
    "int_from_float": ("harus bilangan bulat", "must be a whole number"),
    "float_type": ("harus bilangan", "must be a number"),
    "float_parsing": ("harus bilangan", "must be a number"),
    "finite_number": ("harus bilangan yang terhingga", "must be a finite number"),
    "greater_than_equal": ("harus paling sedikit {ge}", "must be at least {ge}"),
    "less_than_equal": ("harus paling banyak {le}", "must be at most {le}"),
    "enum": ("harus salah satu dari {expected}", "must be one of {expected}"),
    "datetime_type": ("harus waktu menurut RFC 3339", "must be an instant as in RFC 3339"),
    "datetime_parsing": ("bukan waktu menurut RFC 3339", "is not an instant as in RFC 3339"),
    "datetime_from_date_parsing": ("bukan waktu menurut RFC 3339", "is not an instant as in RFC 3339"),
    "timezone_aware": ("harus menyebut zona waktu, misalnya +07:00", "must name its time zone, such as +07:00"),
    "date_type": ("harus tanggal berbentuk 2026-03-31", "must be a date such as 2026-03-31"),
    "date_parsing": ("bukan tanggal berbentuk 2026-03-31", "is not a date such as 2026-03-31"),
    "date_from_datetime_parsing": ("bukan tanggal berbentuk 2026-03-31", "is not a date such as 2026-03-31"),
    "date_from_datetime_inexact": ("harus tanggal tanpa jam", "must be a date without a time of day"),
    "tuple_type": ("harus berupa daftar", "must be a list"),
    "model_type": ("harus berupa objek JSON", "must be a JSON object"),
    "too_short": ("tidak boleh kosong", "must not be empty"),
    "string_too_short": ("tidak boleh kosong", "must not be empty"),
}


class UnreadableEvent(Exception):
    """A record that is no event of ours: what is wrong with it, for people in both languages.

    ``reasons`` holds at most 20; ``hints`` holds what could be read nevertheless, see `shared.events.parsing`.
    """

    def __init__(self, *reasons: Reason, hints: Mapping[str, str] | None = None) -> None:
        self.reasons = reasons[:REASONS_MAX]
        self.hints = dict(hints or {})
        super().__init__(" ".join(reason.message_en for reason in self.reasons))

    def hinting(self, hints: Mapping[str, str]) -> "UnreadableEvent":
        """Return the same faults of a record that tells *hints*."""
        return UnreadableEvent(*self.reasons, hints=hints)


def malformed(message_id: str, message_en: str) -> UnreadableEvent:
    """Return the fault of a record that is not even JSON, or no CloudEvent."""
    return UnreadableEvent(Reason(code="malformed", message_id=message_id, message_en=message_en))


def not_json(error: json.JSONDecodeError) -> UnreadableEvent:
    """Return the fault of a text that is no JSON, and where reading it ended."""
    return malformed(
        f"Bukan JSON: pembacaan terhenti di baris {error.lineno} kolom {error.colno}.",
        f"Not JSON: {error.msg}, line {error.lineno} column {error.colno}.",
    )


def unreadable_batch(error: str) -> UnreadableEvent:
    """Return the fault of what could not even be unpacked; *error* names class and place, and quotes nothing."""
    return UnreadableEvent(
        Reason(
            code="unreadable_batch",
            message_id=f"Kiriman ini tidak dapat dibuka dari bungkusannya ({error}).",
            message_en=f"What was sent cannot be unpacked ({error}).",
        )
    )


def too_long(size_bytes: int, part: str = "value") -> Reason:
    """Return the reason for refusing a record of which a part (``value``, ``key`` or ``headers``) has that size."""
    limit = VALUE_BYTES_MAX if part == "value" else ADDRESS_BYTES_MAX
    part_id = {"value": "Pesan", "key": "Kunci pesan", "headers": "Header pesan"}[part]
    part_en = {"value": "The record has", "key": "The record's key has", "headers": "The record's headers have"}[part]
    return Reason(
        code="too_long",
        message_id=f"{part_id} berukuran {size_bytes} byte; paling besar {limit} byte.",
        message_en=f"{part_en} {size_bytes} bytes; at most {limit} are taken.",
    )


def forged(field: str, owner: str) -> Reason:
    """Return the fault of an event whose *field* names somebody else than the *owner* of its topic."""
    return Reason(
        code="forged_source",
        field=field,
        message_id=f"{field} tidak sesuai dengan pengirim yang berhak atas topik ini, {owner}.",
        message_en=f"{field} does not agree with the sender to whom this topic belongs, {owner}.",
    )


OWNED_BY_NOBODY = Reason(
    code="forged_source",
    field="source",
    message_id="Topik ini bukan milik pengirim mana pun.",
    message_en="This topic belongs to no sender.",
)


def violation(field: str, message_id: str, message_en: str) -> Reason:
    """Return a schema violation at *field*."""
    return Reason(code="schema_violation", field=field, message_id=message_id, message_en=message_en)


def attachment_reasons(attachments: Iterable[Attachment]) -> Iterator[Reason]:
    """Yield a reason against each attachment that is no plain link to a file; old events may hold some."""
    for number, attachment in enumerate(attachments):
        field = f"attachments.{number}.uri"
        if not ATTACHMENT_LINK.fullmatch(attachment.uri):
            yield violation(
                field,
                f"{field} harus berupa tautan https, http, s3 atau gs tanpa spasi.",
                f"{field} must be an https, http, s3 or gs link without white space.",
            )
        elif HIDDEN.search(attachment.uri):
            yield _hidden(field)
        if HIDDEN.search(attachment.media_type):
            yield _hidden(f"attachments.{number}.media_type")


def _hidden(field: str) -> Reason:
    return violation(field, f"{field} memuat karakter tersembunyi.", f"{field} holds a hidden character.")


def named(name: str) -> str:
    """Return a name that an outsider chose as it may stand in a sentence: quoted, and left out unless it is technical.

    Whoever makes a sentence, a person or a number the name of a field is told that there is one, not which.
    """
    return repr(name) if TECHNICAL_NAME.fullmatch(name) else "'…'"


def from_pydantic(error: Any) -> Reason:
    """Return a validation error as a reason; it names the field and the rule, never the refused value."""
    field = ".".join(map(str, error["loc"])) or "data"
    kind, context = error["type"], error.get("ctx", {})
    if kind in {"string_too_long", "too_long"}:
        return _over_length(field, context)
    if kind == "value_error" and isinstance(context["error"], HiddenCharacter):
        code = context["error"].code
        said_id, said_en = f"memuat karakter tersembunyi {code}", f"holds the hidden character {code}"
    elif kind in SENTENCES:
        said_id, said_en = (sentence.format(**context) for sentence in SENTENCES[kind])
        said_id = said_id.replace("' or '", "' atau '")
    else:
        said_id, said_en = "tidak sah", f"is not valid: {error['msg'].removeprefix('Value error, ')}"
    return violation(field, f"{field} {said_id}.", f"{field} {said_en}.")


def _over_length(field: str, context: Mapping[str, Any]) -> Reason:
    limit = context["max_length"]
    what_id, what_en = ("butir", "items") if context.get("field_type") == "Tuple" else ("karakter", "characters")
    return Reason(
        code="too_long",
        field=field,
        message_id=f"{field} lebih dari {limit} {what_id}.",
        message_en=f"{field} is longer than {limit} {what_en}.",
    )
