"""Reads receipts of providers by their description; does no I/O."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from services.notify.domain.receipts import Receipt
from services.notify.policy.receipts import ReceiptForm
from services.notify.references import References
from services.notify.web.proofs import Call, Unreadable, form_of
from shared.events import RECEIPT

RECEIPTS_MAX = 1000  # as many updates as Meta puts into one call
PROVIDER_ID = re.compile(r"[A-Za-z0-9_.:=+/@<>-]{1,200}")
CODE = re.compile(r"[A-Za-z0-9_.-]{1,20}")

Unmeant = Literal["ignored", "unknown_status", "unknown_reference"]
"""What a receipt is from which nothing follows."""


class TooMany(Exception):
    """A call brings more receipts than anybody may send at once."""


def read(gateway: str, form: ReceiptForm, call: Call, references: References) -> list[Receipt | Unmeant]:
    """Return what *call* says, in its order; of a provider's words only codes are kept.

    Raises:
        Unreadable: It is not of the form that the gateway's description says.
        TooMany: It brings more than a thousand.
    """
    found = list(_each(_content(form, call), form.each))
    if len(found) > RECEIPTS_MAX:
        raise TooMany
    of_query = call.of_query(form.reference_query) if form.reference_query else ""
    return [_receipt(gateway, form, said, of_query, references) for said in found]


def _receipt(gateway: str, form: ReceiptForm, said: object, of_query: str, references: References) -> Receipt | Unmeant:
    status = _text(said, form.status)
    if status in form.ignored:
        return "ignored"
    is_delivered = status in form.delivered or status in form.read
    if not is_delivered and status not in form.failed:
        return "unknown_status"
    reference = references.read(gateway, _text(said, form.reference) if form.reference else of_query)
    if reference is None:
        return "unknown_reference"
    provider_id = _text(said, form.provider_id)
    code = _text(said, form.error)
    return Receipt(
        reference.ticket_id,
        reference.delivery_id,
        form.channel,
        "delivered" if is_delivered else "failed",
        provider_id if PROVIDER_ID.fullmatch(provider_id) else None,
        f"{RECEIPT}{status.lower()}" + (f" {code}" if CODE.fullmatch(code) else ""),
    )


def _content(form: ReceiptForm, call: Call) -> object:
    if form.format == "query":
        return dict(form_of(call.query.encode()))
    if form.format == "form":
        return dict(form_of(call.body))
    try:
        found: Any = json.loads(call.body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(found, dict | list):
        raise Unreadable
    return found


def _each(content: object, place: str | None) -> Iterator[object]:
    """Yield what stands at *place*, each item of a list by itself; without a place, the content as it is."""
    if place is None:
        yield content
        return
    step, _, rest = place.partition(".")
    name = step.removesuffix("[]")
    held = content if not name else content.get(name) if isinstance(content, dict) else None
    items = (held if isinstance(held, list) else []) if step.endswith("[]") else [held]
    for item in items:
        if item is not None:
            yield from _each(item, rest or None)


def _text(content: object, place: str | None) -> str:
    """Return the first word or whole number at *place*, as text; empty if there is none."""
    for found in _each(content, place) if place else ():
        if isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)[:1000]
    return ""
