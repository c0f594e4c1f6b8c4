"""Shows a ticket that has left the collections, as the archive keeps it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.events import Tenure
from tindak.console import local
from tindak.formatting import span

WORDS = {"at", "version", "kind"}


def lines(kept: Mapping[str, Any]) -> list[str]:
    """Return the story of an archived ticket for people."""
    head = [f"{kept['tracking_id']}  {kept.get('title', '')}".rstrip()]
    head.append(f"  ticket    {kept['ticket_id']}, from {kept['channel']}")
    head.append(f"  state     {kept['state']}, since {_local(kept['ended_at'])}")
    head.append(f"  archived  {_local(kept['archived_at'])}")
    head.append(f"  with      {kept.get('agency', 'nobody')}")
    head += [f"  had it    {_had(Tenure.model_validate(stay))}" for stay in kept["stays"]]
    head += [f"  {clock['clock']:<9} {_clock(clock)}" for clock in kept["clocks"]]
    if "answer" in kept:
        head.append(f"  answer    {kept['answer']}")
    return [*head, "", *(f"  {_local(step['at'])}  {_what(step)}" for step in kept["history"])]


def summary(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return an archived ticket for scripts: what is said of any ticket, and what the archive keeps beside it."""
    events = [{"time": step["at"], "what": _what(step)} for step in kept["history"]]
    open_: dict[str, Any] = {"agency": None, "follows": None, "members": 0, "similar": [], "due": {}, "overdue": []}
    return {**open_, **kept, "events": events}


def _had(stay: Tenure) -> str:
    return f"{stay.agency}, {span((stay.until - stay.since).total_seconds())}" if stay.until else stay.agency


def _clock(clock: Mapping[str, Any]) -> str:
    ended = f", ended {_local(clock['ended_at'])}" if "ended_at" in clock else ""
    return f"due {_local(clock['due_at'])}{ended}{', BREACHED' if clock['breached'] else ''}"


def _what(step: Mapping[str, Any]) -> str:
    about = ", ".join(f"{name} {value}" for name, value in step.items() if name not in WORDS)
    return str(step["kind"]).replace("_", " ") + (f" ({about})" if about else "")


def _local(at: str) -> str:
    return local(datetime.fromisoformat(at))
