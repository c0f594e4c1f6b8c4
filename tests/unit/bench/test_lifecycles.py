"""Everybody outside answers what concerns them with the next update, and is silent otherwise."""

import pytest

from bench.whole.lifecycles import next_step
from shared import topics

pytestmark = pytest.mark.unit


def event(name: str, **data: object) -> dict[str, object]:
    return {"type": f"tindak.{name}.v1", "data": data}


def test_an_agency_acknowledges_and_then_answers() -> None:
    acknowledged = next_step(topics.ROUTED, "dlh", event("ticket.routed"))
    answered = next_step(topics.ROUTED, "dlh", event("ticket.acknowledged"))

    assert acknowledged is not None
    assert answered is not None
    assert acknowledged[:3] == ("agency-dlh", "/agencies/dlh", "acknowledge")
    assert answered[2:] == ("answer", {"answer": "Sudah kami tangani di lapangan.", "final": True})


def test_the_channel_confirms_a_final_answer_and_no_other_status() -> None:
    wanted = event("ticket.status_changed", state="answered", rating_wanted=True)
    others = event("ticket.status_changed", state="routed", rating_wanted=False)

    assert next_step(topics.STATUS, "web", wanted) == ("channel-web", "/channels/web", "confirm", {"rating": 5})
    assert next_step(topics.STATUS, "web", others) is None


def test_an_officer_assigns_what_no_rule_decides() -> None:
    step = next_step(topics.TRIAGE, None, event("ticket.triage_requested"))

    assert step is not None
    assert step[:3] == ("officers", "/officers/triage", "assign")


def test_nobody_says_anything_about_the_rest() -> None:
    assert next_step(topics.ROUTED, "dlh", event("ticket.closed")) is None
