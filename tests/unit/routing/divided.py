"""A ticket that an officer has divided between dishub and dlh, and what becomes of its parts."""

from datetime import datetime
from typing import Any

from services.routing.domain.decide import decide
from services.routing.domain.ticket.state import Filed, State
from shared.events import AssignTicket, Decision, EventData, PartLink, PartOpened
from shared.ids import part_id
from tests.builders import TICKET, arrival, event
from tests.unit.routing.samples import LATER, OFFICER, POLICY, ask, filed, said

FIRST, SECOND = part_id(TICKET, 1), part_id(TICKET, 2)
DIVIDE = AssignTicket(ticket_id=TICKET, agencies=("dishub", "dlh"), reason="Dua masalah.")


def divided(situation: str = "routed", **changes: Any) -> Decision[State]:
    """Return what comes of dividing a ticket."""
    return ask(filed(situation, **changes), DIVIDE, OFFICER)


def whole(**changes: Any) -> Filed:
    """Return the divided ticket."""
    state = divided(**changes).state
    assert isinstance(state, Filed)
    return state


def opened(number: int = 1) -> PartOpened:
    """Return what one of its parts is told."""
    found: PartOpened = [data for data in said(divided(), "tickets.links") if isinstance(data, PartOpened)][number - 1]
    return found


def decide_on(state: State | None, data: EventData, when: datetime = LATER, source: str = OFFICER) -> Decision[State]:
    """Return what follows from a link or a command."""
    told = event(data, at=when, source="/tindak/routing" if isinstance(data, PartLink) else source)
    return decide(state, told, arrival(when), POLICY)


def part(number: int = 1) -> Filed:
    """Return one of its parts as it begins."""
    state = decide_on(None, opened(number)).state
    assert isinstance(state, Filed)
    return state
