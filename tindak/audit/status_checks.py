"""Checks of what channels are told: where each of their tickets stands."""

from collections import defaultdict
from collections.abc import Iterator

from shared import events, topics
from tindak.audit.ledger import Fact, Ledger


def statuses(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket whose channel was last told something else than the history says, or nothing.

    Tickets that stood still since before the first status of all are those that release 0.1.0 has filed.
    """
    history: dict[str, list[Fact]] = defaultdict(list)
    for fact in ledger.facts[topics.TICKETS]:
        if fact.data["version"] > 0:  # 0: a refusal that stands outside the history
            history[fact.ticket].append(fact)
    told: dict[str, list[Fact]] = defaultdict(list)
    for fact in ledger.of_family(topics.STATUS, events.TicketStatusChanged):
        told[fact.ticket].append(fact)
    # A clock that routing hears of late, of a ticket of that release, is told with the time at which it started.
    clocks = {fact.id for fact in ledger.facts[topics.SLA]}
    first_at = min((one.data["at"] for many in told.values() for one in many if one.cause_id not in clocks), default="")
    for ticket, facts in history.items():
        last = max(facts, key=lambda fact: int(fact.data["version"]))
        if ticket in told:
            yield from _wrong(ledger, ticket, facts, told[ticket])
        elif last.data["at"] >= first_at:
            yield f"the channel of ticket {ticket} was never told where it stands"
    for ticket in sorted(told.keys() - history.keys()):
        yield f"{told[ticket][0]} tells of ticket {ticket}, of which the history knows nothing"


def _wrong(ledger: Ledger, ticket: str, facts: list[Fact], told: list[Fact]) -> Iterator[str]:
    states = {fact.data["version"]: fact.data["state"] for fact in facts}
    for fact in told:
        if states.get(fact.data["version"]) != fact.data["state"]:
            yield f"{fact} says that ticket {ticket} is {fact.data['state']} in version {fact.data['version']}"
    now, said = states[max(states)], told[-1].data["state"]
    if now != said:
        yield f"ticket {ticket} is {now}, and its channel was last told that it is {said}"
    whole = facts[0].data.get("parent") or ticket
    channel = ledger.channels.get(whole)
    for topic in sorted({fact.topic for fact in told}):
        if channel is not None and topic != topics.status_topic(channel):
            yield f"{topic} is told of ticket {ticket}, which came through {channel}"
