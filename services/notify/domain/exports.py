"""Answers an officer who asks what is held of a reporter; opening and sealing are done elsewhere."""

from collections.abc import Callable

from services.notify.domain.contact_audit import NOTIFY, opening
from services.notify.domain.correspondence import Correspondence, Sealed
from shared import events
from shared.events import Applied, Arrival, Decision, Fact, Ignored
from shared.topics import EXPORTS

Seal = Callable[[Correspondence, str], str]
"""Returns what is held of a reporter, sealed for a public key in base64; raises ValueError if that seals nothing."""


def answer(
    state: Correspondence, asked: events.ExportRequested, arrival: Arrival, seal: Seal
) -> Decision[Correspondence]:
    """Return the answer to an export, and, where there is a contact to open, the fact that it is opened.

    Both are saved together: nothing of what was opened leaves the process without a trace.
    """
    if asked.public_key is None:
        return Ignored("the key for the answer stands on another topic")
    facts: tuple[Fact, ...] = ()
    if isinstance(state.contact, Sealed):
        author = asked.author
        opener = events.Opener(role=events.OpenerRole.OFFICER, code=author.code) if author else NOTIFY
        state, opened = opening(state, events.OpeningPurpose.EXPORT, opener, arrival.now)
        facts = (opened,)
    try:
        sealed = seal(state, asked.public_key)
    except ValueError:
        return Ignored("nothing can be sealed for that key")
    told = events.ReporterExported(
        ticket_id=state.ticket_id,
        tracking_id=asked.tracking_id,
        officer=asked.author,
        at=asked.at,
        sealed=sealed,
    )
    return Applied(state, (*facts, Fact(told, EXPORTS, state.ticket_id)))
