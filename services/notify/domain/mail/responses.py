"""Decides what a reporter's mail asks of the ticket."""

import re
from enum import StrEnum

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.standing import Action
from shared.values import value

TEXT_SYMBOLS_MAX = 2000
STOP = re.compile(r"\W*(?:stop|berhenti)\b\W*", re.IGNORECASE)
STOP_SUBJECT = re.compile(r"\s*(?:stop|berhenti)\b.{0,40}", re.IGNORECASE)  # a tracking id may stand behind


class Unusable(StrEnum):
    """Why nothing can be made of a reply."""

    NOT_FOUND = "not_found"
    GONE = "gone"
    NOT_BY_MAIL = "not_by_mail"
    EMPTY = "empty"
    TEXT_TOO_LONG = "text_too_long"


@value
class Written:
    """What a reporter wrote.

    Args:
        text: Without quotes.
        attachments: How many files came with it; nobody gets them.
    """

    subject: str
    text: str
    attachments: int = 0


@value
class Asked:
    """What a mail asks of a ticket."""

    action: Action
    text: str = ""


def asked_by(seen: Correspondence | None, written: Written) -> Asked | Unusable:
    """Return what a mail asks of a ticket: to end its messages, or to be told what it says.

    A mail never confirms and never disputes: nobody can tell from a text which of them it means. Whether the ticket
    takes a reply now is for routing to say, which tells the reporter if it does not.

    Args:
        seen: The ticket, or the part of it, that the mail is about; None if there is none.
    """
    if seen is None:
        return Unusable.NOT_FOUND
    if isinstance(seen.contact, Erased):
        return Unusable.GONE
    if seen.complaint is None or seen.complaint.withheld:
        return Unusable.NOT_BY_MAIL
    if STOP.fullmatch(written.text) or (not written.text and STOP_SUBJECT.fullmatch(written.subject)):
        return Asked(Action.STOP)
    if not written.text:
        return Unusable.EMPTY
    text = written.text + _note(written.attachments)
    return Unusable.TEXT_TOO_LONG if len(text) > TEXT_SYMBOLS_MAX else Asked(Action.REPLY, text)


def _note(attachments: int) -> str:
    """Return what tells the agency that there was more than the text."""
    if not attachments:
        return ""
    return f"\n\n[{attachments} lampiran tidak ikut terkirim / {attachments} not passed on: attachments]"
