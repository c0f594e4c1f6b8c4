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
    for fact in ledger.of_type(topics.TICKETS, TicketRouted):
        if fact.data["version"] == 1 and fact.data.get("parent"):
            opened[fact.ticket] = fact.data["parent"]
    expected: dict[str, str] = {}
    for fact in ledger.of_type(topics.TICKETS, TicketSplit):
        ids = [part["ticket_id"] for part in fact.data["parts"]]
        expected |= dict.fromkeys(ids, fact.ticket)
        all_ended = all(states.get(part) in ENDED for part in ids)
        whole = states[fact.ticket]
        if whole != "withdrawn" and (whole == "closed") is not all_ended:
            ends = ", ".join(f"{part} is {states.get(part)}" for part in ids)
            yield f"the divided ticket {fact.ticket} is {whole}, and of its parts {ends}"
    for part in sorted(expected.keys() | opened.keys()):
        if expected.get(part) != opened.get(part):
            yield f"{part} should be a part of {expected.get(part)} and is one of {opened.get(part)}"


def _last_states(ledger: Ledger) -> dict[str, str]:
    states: dict[str, tuple[int, str]] = {}
    for fact in ledger.facts[topics.TICKETS]:
        latest = (fact.data["version"], fact.data["state"])
        if latest[0] > 0:  # 0: a refusal that stands outside the history
            states[fact.ticket] = max(states.get(fact.ticket, (0, "")), latest)
    return {ticket: state for ticket, (_, state) in states.items()}
