"""The state of intake: what was accepted, so that a repeat is recognised."""

import hashlib
import unicodedata
from datetime import datetime
from typing import Literal

from shared.values import value


@value
class Taken:
    """A report that was accepted.

    Args:
        tracking_id: Unique among all reports.
        fingerprint: Of title and body, see `fingerprint`.
        event_id: The event that brought the report first; a repeat gets the answer to it.
        submitted_at: When the reporter sent it, as the channel says.
        accepted_at: When it arrived.
        title, body: As they were written, with what is masked everywhere else.
    """

    tracking_id: str
    fingerprint: str
    event_id: str
    submitted_at: datetime
    accepted_at: datetime
    title: str | None
    body: str
    kind: Literal["taken"] = "taken"


@value
class Erased:
    """A report whose reporter was erased: that there was one, so that no repeat of it is ever taken.

    Args:
        tracking_id: Its own for good; no other report gets it.
    """

    tracking_id: str
    kind: Literal["erased"] = "erased"


State = Taken | Erased


def fingerprint(title: str | None, body: str) -> str:
    """Return what two submissions have in common if and only if they say the same: a SHA-256, hexadecimal.

    Unicode composition and white space make no difference; everything else does.
    """
    lines = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (title or "", body))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
