"""The agencies that have the tickets: what each of them does with one."""

import random
from typing import Any

from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    Command,
    DeclineTicket,
    HoldReason,
    HoldTicket,
    ProgressTicket,
    ResumeTicket,
    TicketReopened,
    TicketResumed,
    TicketRouted,
)

PLANS = ("silent", "answer", "work", "decline", "field", "question", "partly")
WEIGHTS = (12, 30, 15, 15, 8, 12, 8)


def at_agency(kind: str, data: dict[str, Any], mood: random.Random) -> list[Command]:
    """Return what an agency asks for, one after the other."""
    ticket = data["ticket_id"]
    final = AnswerTicket(ticket_id=ticket, answer="Sudah kami perbaiki.", final=True)
    if kind == TicketReopened.TYPE or (kind == TicketResumed.TYPE and mood.random() < 0.9):
        return [final]
    if kind != TicketRouted.TYPE:
        return []
    seen = AcknowledgeTicket(ticket_id=ticket)
    (plan,) = mood.choices(PLANS, WEIGHTS)
    match plan:
        case "answer":
            return [seen, final]
        case "work":
            return [seen, ProgressTicket(ticket_id=ticket, note="Petugas di lokasi."), final]
        case "decline":
            suggested = mood.choice((None, "dlh", "dishub"))
            return [DeclineTicket(ticket_id=ticket, reason="Bukan wewenang kami.", suggested_agency=suggested)]
        case "field":
            return [
                seen,
                HoldTicket(ticket_id=ticket, reason=HoldReason.FIELD_WORK),
                ResumeTicket(ticket_id=ticket),
            ]
        case "question":
            asked = HoldTicket(ticket_id=ticket, reason=HoldReason.NEEDS_REPORTER, question="Di RT berapa?")
            return [seen, asked]
        case "partly":
            return [AnswerTicket(ticket_id=ticket, answer="Sedang dijadwalkan.", final=False), final]
        case _:
            return []
