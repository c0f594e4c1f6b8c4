"""What a run must come to whatever went wrong: what the same people come to when nothing does."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from services.routing.domain.ticket.state import Filed
from tests.simulation.world import World

Essence = dict[str, dict[str, Any]]


@cache
def calm_run(script: int) -> tuple[Essence, frozenset[str], frozenset[str]]:
    """Return the end of a script when nothing goes wrong, and what is a race even then.

    That is the end of some tickets, and whether some parts come to be at all.
    """
    world = World(seed=script, script=script, calm=True)
    findings = world.run()
    if findings:
        raise AssertionError("\n".join(map(str, ("not even a calm run is well:", *findings))))
    return essence(world), frozenset(world.cast.raced), frozenset(world.cast.uncertain)


def essence(world: World) -> Essence:
    """Return, by service and ticket, what does not depend on when things happened."""
    states: dict[str, dict[str, Any]] = {
        service: {ticket: document.state for ticket, document in store.documents.items() if document.state is not None}
        for service, store in world.stores.items()
    }
    return {
        "intake": {
            ticket: (state.tracking_id, getattr(state, "fingerprint", None))
            for ticket, state in states["intake"].items()
        },
        "routing": {
            ticket: (state.ticket.agencies, state.situation.kind)
            for ticket, state in states["routing"].items()
            if isinstance(state, Filed)  # what waits for a ticket that nobody knows is the outsider's
        },
        "sla": {ticket: (state.tracking_id, state.classification) for ticket, state in states["sla"].items()},
        "notify": {ticket: (state.contact.kind, state.complaint) for ticket, state in states["notify"].items()},
    }


def differences(world: World) -> Iterator[str]:
    """Yield what a run has come to instead of what a calm one does."""
    expected, raced, uncertain = calm_run(world.cast.script)
    raced |= world.cast.raced
    uncertain |= world.cast.uncertain
    found = essence(world)
    for service, tickets in expected.items():
        for ticket in tickets.keys() | found[service].keys():
            if ticket in uncertain or ticket in world.cast.retold or (service == "routing" and ticket in raced):
                continue
            if service == "notify" and ticket in world.cast.resealed:
                continue
            was, now = tickets.get(ticket), found[service].get(ticket)
            if was != now:
                yield f"[calm] {service} has {now} for {ticket}, a calm run {was}"
