"""Checks of split tickets: each part is opened once, and the whole ends with its parts."""

from collections.abc import Iterator

from shared import topics
from shared.events import TicketRouted, TicketSplit
from tindak.audit.ledger import Ledger

ENDED = frozenset({"closed", "archived", "withdrawn"})


def parts(ledger: Ledger) -> Iterator[str]:
    """Yield every part that was not opened once, and every divided ticket that does not end with its parts."""
    states = _last_states(ledger)
    opened: dict[str, str] = {}
    for said in ledger.of_type(topics.TICKETS, TicketRouted):
        if said.data["version"] == 1 and said.data.get("parent"):
            opened[said.ticket] = said.data["parent"]
    expected: dict[str, str] = {}
    for said in ledger.of_type(topics.TICKETS, TicketSplit):
        ids = [part["ticket_id"] for part in said.data["parts"]]
        expected |= dict.fromkeys(ids, said.ticket)
        all_ended = all(states.get(part) in ENDED for part in ids)
        whole = states[said.ticket]
        if whole != "withdrawn" and (whole == "closed") is not all_ended:
            ends = ", ".join(f"{part} is {states.get(part)}" for part in ids)
            yield f"the divided ticket {said.ticket} is {whole}, and of its parts {ends}"
    for part in sorted(expected.keys() | opened.keys()):
        if expected.get(part) != opened.get(part):
            yield f"{part} should be a part of {expected.get(part)} and is one of {opened.get(part)}"


def _last_states(ledger: Ledger) -> dict[str, str]:
    states: dict[str, tuple[int, str]] = {}
    for said in ledger.said[topics.TICKETS]:
        told = (said.data["version"], said.data["state"])
        if told[0] > 0:  # 0: a refusal that stands outside the history
            states[said.ticket] = max(states.get(said.ticket, (0, "")), told)
    return {ticket: state for ticket, (_, state) in states.items()}
