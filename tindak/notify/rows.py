"""Prints deliveries, a line each in words, or as JSON; never an address."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.notify.tooling import IN_DIGEST, digest_of
from shared import events
from tindak.console import local
from tindak.formatting import span, words

if TYPE_CHECKING:
    from services.notify.tooling import DeliveryRow, Digests

WHY: Mapping[str, str] = {
    "address_limit": "the address has had its share of messages",
    "stopped_all": "who reads at the address has stopped the messages of all reports",
    "address_unverified": "the address has had its one message, and nobody knows whose it is",
    "by_officer": "an officer held it back",
    "contact_erased": "the reporter was erased",
    "contact_unreadable": "the contact is sealed so that nobody can open it",
    "digest": "the recipient reads of it in a digest",
    "no_address": "the recipient has no address",
    "no_channel": "no channel that is set up reaches the recipient",
    "no_contact": "the reporter left no contact",
    "nothing_to_tell": "nothing was open, and nothing had happened",
    "outcome_unknown": "nobody knows whether it went out",
    "too_many": "the recipient has had the notices of a day",
    "too_old": "what it tells is too old",
    "words_gone": "what it told is no longer kept",
}
"""By code; what stands here for none is said as its words."""


def recipient(role: str, agency: str | None) -> str:
    """Return to whom a notice goes."""
    return f"the {words(role)}" + (f" of {agency}" if agency and role in ("liaison", "agency_head") else "")


def because(code: str | None) -> str:
    """Return why something did not go out, behind a colon, with its code; empty for None."""
    if not code:
        return ""
    return f": {WHY[code]} ({code})" if code in WHY else f": {code}"


def attempts(count: int | None) -> str:
    """Return how often something was tried; empty where that is not known."""
    return "" if count is None else f" after {count} attempt{'' if count == 1 else 's'}"


def line(row: "DeliveryRow", now: datetime) -> str:
    """Return a delivery of any ticket on one line."""
    age = span(max(0.0, (now - (row.at or row.planned_at)).total_seconds()))
    return (
        f"{local(row.planned_at)}  {row.tracking_id or row.ticket_id}  {sentence(row)}  [{age} ago, {row.delivery_id}]"
    )


def sentence(row: "DeliveryRow") -> str:
    """Return what became of a delivery, or is about to."""
    by = f" by {row.channel}" if row.channel else ""
    what = f"`{row.notice}` to {recipient(row.role, row.agency)}{by}"
    return f"{what}: {_became(row)}{_marks(row)}"


def fact_sentence(fact: events.DeliveryFact) -> str:
    """Return what a fact says of a delivery: which notice, to whom, how, and what became of it."""
    what = f"`{fact.notice}` to {recipient(fact.recipient_role, fact.agency)} by {fact.channel}"
    officer = fact.requested_by.code if fact.requested_by else None
    asked = f"; asked for by officer {officer}" if officer else ""
    match fact:
        case events.NotificationSent():
            return f"{what}: sent" + (attempts(fact.attempt) if fact.attempt > 1 else "") + asked
        case events.NotificationFailed():
            return f"{what}: FAILED{attempts(fact.attempt)}{because(fact.error)}{asked}"
        case events.NotificationSuppressed():
            return f"{what}: not sent{because(fact.why)}{asked}"
        case _:
            return f"{what}: {fact.TYPE}{asked}"


def colour_of(fact: events.DeliveryFact) -> str:
    """Return the colour in which a fact about a delivery is shown."""
    if isinstance(fact, events.NotificationFailed):
        return "red"
    return "yellow" if isinstance(fact, events.NotificationSuppressed) else "green"


def _became(row: "DeliveryRow") -> str:
    at = row.next_at and local(row.next_at)
    match row.situation:
        case "waiting":
            missing = f" for its {row.why}" if row.why else ""
            return f"waits{missing} until {at}"
        case "due":
            return f"goes out at {at}" + (f", failed{attempts(row.attempts)} so far" if row.attempts else "")
        case "sending":
            return f"is being sent, attempt {row.attempts}; tried again if nothing is heard by {at}"
        case "sent":
            return f"sent at {row.at and local(row.at)}" + (attempts(row.attempts) if (row.attempts or 0) > 1 else "")
        case "failed":
            return f"FAILED{attempts(row.attempts)}{because(row.why)}"
        case _:
            return f"not sent{because(row.why)}"


def _marks(row: "DeliveryRow") -> str:
    asked = f"; asked for by officer {row.requested_by}" if row.requested_by else ""
    repeats = f"; in place of {row.repeats}" if row.repeats else ""
    return f"{asked}{repeats}" + ("; can be sent yet" if row.can_be_sent else "")


def told_in(row: "DeliveryRow", digests: Iterable["Digests"]) -> str:
    """Return which digest told of what was gathered for one, behind a semicolon; empty for any other delivery."""
    if row.why != IN_DIGEST or row.at is None:
        return ""
    own = next((each for each in digests if (each.agency, each.role) == (row.agency, row.role)), None)
    told = own and digest_of(own, row.at)
    return f"; told in the digest of {local(told.at)}" if told else "; not told yet"


def digest_lines(digests: "Digests") -> Iterator[str]:
    """Yield what became of the digests of a post, the last ones, and what happens next."""
    to = recipient(digests.role, digests.agency)
    for ended in digests.over:
        what = {"sent": "sent", "failed": "FAILED"}.get(ended.outcome, "not sent")
        yield f"{local(ended.planned_at)}  to {to}: {what} at {local(ended.at)}{because(ended.why)}  [{ended.id}]"
    current = digests.current
    if current is not None and current.attention_at is not None:
        yield f"{local(current.planned_at)}  to {to}: tried next at {local(current.attention_at)}  [{current.id}]"
    if current is None and not digests.over:
        yield f"{local(digests.chosen_at)}  to {to}: chosen, and none has been due since"
    if digests.is_last:
        yield f"to {to}: none any more, since agencies.yaml does not say so"


def digests_as_json(digests: "Digests") -> dict[str, Any]:
    """Return what became of the digests of a post for scripts."""
    current = digests.current
    return {
        "agency": digests.agency,
        "role": digests.role,
        "is_last": digests.is_last,
        "told_until": digests.told_until.isoformat(),
        "next_at": current and current.attention_at and current.attention_at.isoformat(),
        "digests": [
            {
                "delivery_id": each.id, "scheduled_at": each.planned_at.isoformat(), "outcome": each.outcome,
                "at": each.at.isoformat(), "channel": each.channel, "why": each.why,
            }
            for each in digests.over
        ],
    }  # fmt: skip


def as_json(row: "DeliveryRow") -> dict[str, Any]:
    """Return a delivery for scripts."""
    instants = {name: each and each.isoformat() for name, each in asdict(row).items() if name.endswith("at")}
    return asdict(row) | {name: instants[name] for name in ("planned_at", "at", "next_at")}
