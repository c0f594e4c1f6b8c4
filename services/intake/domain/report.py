"""Makes the public report of a submission: identities and insults masked, places and categories normalised, flags."""

import re
from collections.abc import Iterator

from services.intake.domain.places import Located, locate
from services.intake.domain.rules import Category, Rules
from services.intake.domain.sensitive.recognition import NO_WISHES, Wishes
from services.intake.domain.wording import has_fewer_words, headline, insult_spans
from shared import events
from shared.events import Arrival
from shared.events.complaints import sensitive_flags
from shared.identities.own import Identity, identity_of
from shared.identities.spans import replaced
from shared.ids import parse_tracking_id, tracking_id
from shared.text import Folded, fold, words_in
from shared.values import value

LOCATION_TEXT_LENGTH_MAX = 500
ADDRESS = re.compile(
    r"(?:\b[Jj](?:alan|ln|l)\b\.?|\bGg\b\.?|\bGang\b)\s+[A-Z0-9]"
    r"|\b(?:[Rr][TtWw])\b[\s./]*\d"
    r"|\b(?:[Pp]erum|[Pp]erumahan|[Kk]omp?le[kx]s?|[Cc]luster|[Kk]ampung|[Kk]p)\b\.?\s+\w"
)
NOWHERE = events.Location()
PLACELESS = frozenset({events.Classification.INFORMATION_REQUEST, events.Classification.ASPIRATION})


@value
class Reading:
    """A submission with what was recognised in it."""

    submitted: events.ComplaintSubmitted
    title: Folded
    body: Folded
    identity: Identity
    category: Category | None
    located: Located
    coordinates: tuple[float, float] | None
    attachments: tuple[events.Attachment, ...]
    follow_up_of: str | None
    is_abusive: bool
    may_be_emergency: bool
    sensitive: str | None
    wishes: Wishes


def accepted(
    ticket: str, submitted: events.ComplaintSubmitted, arrival: Arrival, rules: Rules
) -> events.ComplaintAccepted:
    """Return the public report under its ticket's id, without any identity."""
    reading = read_report(submitted, rules)
    body = masked(reading.body, reading, rules)
    title = masked(reading.title, reading, rules).strip()
    return events.ComplaintAccepted(
        ticket_id=ticket,
        tracking_id=tracking_id(ticket, arrival.attempt),
        channel=submitted.channel,
        source_id=rules.masker.mask_code(submitted.source_id, reading.identity),
        submitted_at=submitted.submitted_at,
        accepted_at=arrival.arrived_at,
        title=title or headline(body, rules.limits.title_length_max),
        body=body,
        classification=submitted.classification,
        category=reading.category.code if reading.category else None,
        occurred_on=submitted.occurred_on,
        location=location(reading, rules),
        target_agency=submitted.target_agency if submitted.target_agency in rules.agencies else None,
        attachments=reading.attachments,
        anonymous=submitted.anonymous or reading.wishes.anonymous,
        confidential=submitted.confidential or reading.wishes.confidential or reading.sensitive is not None,
        missing=tuple(missing(reading, rules)),
        flags=(
            *(code for code, holds in flags(reading, arrival, rules).items() if holds),
            *(sensitive_flags(reading.sensitive) if reading.sensitive else ()),
        ),
        follow_up_of=reading.follow_up_of,
        has_contact=submitted.names_reporter,
    )


def read_report(submitted: events.ComplaintSubmitted, rules: Rules) -> Reading:
    """Return a submission with what is recognised in it."""
    where = submitted.location or NOWHERE
    title, body = fold(submitted.title or ""), fold(submitted.body)
    text = f"{title.original}\n{body.original}"
    said = "\n".join((title.text, body.text, fold(where.text or "").text))
    words = words_in(said)
    identity = identity_of(submitted.reporter, rules.no_names)
    is_plain = not rules.sensitive.may_hold_among(words)
    recognised, wishes = (None, NO_WISHES) if is_plain else rules.sensitive.read(title, body)
    return Reading(
        submitted=submitted,
        title=title,
        body=body,
        identity=identity,
        category=rules.category(submitted.category),
        coordinates=_coordinates(where, rules),
        located=locate(rules.places, where.kelurahan, where.kecamatan, where.text, text),
        attachments=tuple(
            file
            for file in submitted.attachments
            if not rules.masker.finds_in_link(f"{file.uri} {file.media_type}", identity)
        ),
        follow_up_of=parse_tracking_id(submitted.follow_up_of or ""),
        is_abusive=rules.insults.occur_in(said, words),
        may_be_emergency=rules.emergencies.occur_in(said, words),
        sensitive=recognised.kind if recognised else None,
        wishes=wishes,
    )


def _coordinates(where: events.Location, rules: Rules) -> tuple[float, float] | None:
    """Return latitude and longitude, unless they lie outside the city: then they are a slip or a default."""
    if where.latitude is None or where.longitude is None:
        return None
    is_inside = rules.bounds is None or rules.bounds.contains(where.latitude, where.longitude)
    return (where.latitude, where.longitude) if is_inside else None


def masked(folded: Folded, reading: Reading, rules: Rules) -> str:
    """Return what was written with identities and insults covered."""
    if not folded.original:
        return ""
    insults = insult_spans(folded, rules.insults) if reading.is_abusive else []
    return replaced(folded, [*rules.masker.spans(folded, reading.identity), *insults])


def location(reading: Reading, rules: Rules) -> events.Location | None:
    """Return where it happened: the city's own names where they were recognised, the reporter's words otherwise."""
    given = reading.submitted.location or NOWHERE
    place = reading.located.place
    address = ", ".join([words for words in ((given.text or "").strip(), *reading.located.unknown) if words])
    latitude, longitude = reading.coordinates or (None, None)
    text = masked(fold(address), reading, rules)[:LOCATION_TEXT_LENGTH_MAX] or None
    if text is None and place is None and reading.coordinates is None:
        return None
    return events.Location(
        text=text,
        kelurahan=place.kelurahan if place else None,
        kecamatan=place.kecamatan if place else None,
        latitude=latitude,
        longitude=longitude,
    )


def missing(reading: Reading, rules: Rules) -> Iterator[str]:
    """Yield what the reporter should still supply."""
    submitted, personal = reading.submitted, reading.category is not None and reading.category.personal
    if not (personal or submitted.classification in PLACELESS or _names_place(reading)):
        yield "location"
    if has_fewer_words(submitted.body, rules.limits.description_words_min):
        yield "description"
    if personal and not submitted.names_reporter:
        yield "identity"


def _names_place(reading: Reading) -> bool:
    given = reading.submitted.location or NOWHERE
    return (
        reading.located.place is not None
        or reading.coordinates is not None
        or bool((given.text or "").strip())
        or ADDRESS.search(f"{reading.submitted.title or ''}\n{reading.submitted.body}") is not None
    )


def flags(reading: Reading, arrival: Arrival, rules: Rules) -> dict[str, bool]:
    """Return by code whether something is odd about the report."""
    submitted = reading.submitted
    where = submitted.location or NOWHERE
    return {
        "clock_skew": submitted.submitted_at - arrival.arrived_at > rules.limits.skew,
        "abusive_language": reading.is_abusive,
        "possible_emergency": reading.may_be_emergency,
        "unknown_category": bool(submitted.category) and reading.category is None,
        "unknown_target_agency": bool(submitted.target_agency) and submitted.target_agency not in rules.agencies,
        "unknown_place": bool(reading.located.unknown),
        "place_conflict": reading.located.contradicts,
        "outside_city": where.latitude is not None and reading.coordinates is None,
        "unusable_email": submitted.reporter is not None and not (submitted.reporter.email or "").isascii(),
        "unknown_follow_up": bool(submitted.follow_up_of) and reading.follow_up_of is None,
        "attachment_withheld": len(reading.attachments) < len(submitted.attachments),
    }
