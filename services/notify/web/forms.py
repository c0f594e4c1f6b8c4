"""Reads the form that a page has sent, and the signature by which only that page can have sent it."""

import re
from datetime import datetime
from urllib.parse import parse_qs

from services.notify.domain.standing import Action
from shared.events.base import HIDDEN
from shared.signed_links import LinkKeys, Purpose
from shared.values import value

TEXT_SYMBOLS_MAX = 2000
FIELDS_MAX = 8
RATINGS = ("1", "2", "3", "4", "5")
NONCE_BYTES = 8
ONE_CLICK = re.compile(rb'^List-Unsubscribe=One-Click$|name="?List-Unsubscribe"?\r\n\r\nOne-Click\r\n')


@value
class SentForm:
    """What a reporter sent, as it came but for spaces around it.

    Args:
        signature: Issued with the page, see `issue`.
        rating: 1 to 5; None for none.
    """

    signature: str
    action: Action
    text: str
    rating: int | None


def read_form(body: bytes) -> SentForm | None:
    """Return what a form holds; None if it is none of our page's."""
    try:
        read = parse_qs(body.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict", keep_blank_values=True)
        fields = {name: values[0] for name, values in read.items()}
        action = Action(fields["action"])
        signature = fields["form"]
    except (ValueError, KeyError):
        return None
    text = "\n".join(fields.get("text", "").splitlines()).strip()
    rating = fields.get("rating", "")
    return SentForm(signature, action, text, int(rating) if rating in RATINGS else None)


def is_one_click(body: bytes) -> bool:
    """Return whether *body* is what a mail program posts to `List-Unsubscribe` (RFC 8058), as a form of either kind."""
    return ONE_CLICK.search(body) is not None


def one_click(now: datetime, *, can_stop_all: bool) -> tuple[SentForm, bytes]:
    """Return what is asked at one click, and a nonce by which clicks within a minute are the same."""
    action = Action.STOP_ALL if can_stop_all else Action.STOP
    return SentForm("", action, "", None), f"one-click {int(now.timestamp()) // 60}".encode()


def fault_of(form: SentForm) -> str | None:
    """Return which note says what is missing or wrong, by its name in pages.yaml; None for a form that can be taken."""
    if form.action is Action.CONFIRM and form.rating is None:
        return "rating_missing"
    if form.action in (Action.DISPUTE, Action.REPLY) and not form.text:
        return "text_missing"
    if len(form.text) > TEXT_SYMBOLS_MAX:
        return "text_too_long"
    return "text_unreadable" if HIDDEN.search(form.text) else None


def issue(keys: LinkKeys, link: str, nonce: bytes, expires_at: datetime) -> str:
    """Return the signature that a page's form carries: good for this link alone, and not for long.

    There is no cookie that a foreign page could use: whoever sends the form has read the page.

    Args:
        link: The token of the page's link.
        nonce: Drawn for each page; what is sent from one page twice is the same answer.
    """
    return keys.sign(Purpose.FORM, nonce, expires_at, bound_to=link)


def nonce_of(keys: LinkKeys, link: str, signature: str, now: datetime) -> bytes:
    """Return the nonce of a form; raises as `LinkKeys.open` does."""
    return keys.open(Purpose.FORM, signature, now, bound_to=link)
