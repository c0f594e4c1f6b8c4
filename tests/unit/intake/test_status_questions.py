"""A question how a report stands is refused, and handed on to routing where there is such a ticket."""

from typing import Any

import pytest

from services.intake.domain.decide import Secrets, decide
from services.intake.domain.state import State
from services.intake.domain.status_questions import asked_reports, with_questions
from services.intake.policy import load_intake
from shared import topics
from shared.events import Decision, StatusAsked, Untracked
from tests.builders import IDS, TICKET, TRACKING, event, submitted
from tests.conftest import POLICY
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import arrival, rules

pytestmark = pytest.mark.unit

RULES = rules(non_reports=load_intake(POLICY).non_reports)
OTHER = "SEZK-FNERA-WV"
FOUND = {TRACKING: TICKET}
QUESTION: dict[str, Any] = {
    "title": None, "location": None, "body": f"bagaimana laporan {TRACKING}?", "source_id": "q-1"
}  # fmt: skip


def answered(tickets: dict[str, str], channel: str = "web", **changes: Any) -> Decision[State]:
    report = submitted(**{**QUESTION, "channel": channel, **changes})
    secrets = Secrets(IDS, (), seal=lambda ticket, report: pytest.fail("nothing is sealed"))
    came = arrival(channel=channel)
    decision = decide(None, event(report, source=f"/channels/{channel}"), came, RULES, secrets=secrets)
    return with_questions(decision, report, came, RULES, tickets)


def questions(decision: Decision[State]) -> list[Any]:
    return [fact.data for fact in decision.facts if fact.topic == topics.QUESTIONS]


def test_routing_is_asked_under_the_ticket_that_is_meant() -> None:
    decision = answered(FOUND)

    refused, asked = decision.facts
    assert isinstance(decision, Untracked)
    assert refused.topic == topics.answers_topic("web")
    assert (asked.topic, asked.key, asked.at) == (topics.QUESTIONS, TICKET, NOON)
    assert asked.data == StatusAsked(
        ticket_id=TICKET, tracking_id=TRACKING, channel="web", source_id="q-1", asked_at=NOON
    )


def test_the_channel_is_answered_the_same_whether_there_is_such_a_ticket() -> None:
    assert answered(FOUND).facts[0] == answered({}).facts[0]
    assert questions(answered({})) == []


def test_each_ticket_that_is_asked_for_is_asked_of_routing() -> None:
    other = "5d4c7603-0b90-8078-b901-fed353d55ab3"

    decision = answered({TRACKING: TICKET, OTHER: other}, body=f"bagaimana laporan {TRACKING} dan {OTHER}?")

    assert [asked.ticket_id for asked in questions(decision)] == [TICKET, other]


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "webb"},
        {"reporter": {"email": "nobody@@example"}},
        {"body": f"terima kasih {TRACKING}"},
        {"body": f"bagaimana laporan {TRACKING}, lampu mati lagi di Rempoa"},
    ],
)
def test_what_is_no_mere_question_of_a_known_channel_asks_nothing(changes: dict[str, Any]) -> None:
    assert questions(answered(FOUND, **changes)) == []


def test_who_asks_under_a_telephone_number_is_named_by_no_digit_of_it() -> None:
    (asked,) = questions(answered(FOUND, source_id="081234567890"))

    assert "081234567890" not in asked.source_id


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (QUESTION["body"], (TRACKING,)),
        ("terima kasih", ()),
        (QUESTION["body"] + " " * 300, ()),
        ("Lampu mati", ()),
    ],
)
def test_reports_are_looked_up_for_questions_alone(body: str, asked: tuple[str, ...]) -> None:
    assert asked_reports(submitted(**{**QUESTION, "body": body}), RULES) == asked
