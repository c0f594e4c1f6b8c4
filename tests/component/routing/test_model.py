import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from services.routing.domain.agency_choice.prediction import Prediction, Question, TextModel
from services.routing.handlers import RoutingHandler
from services.routing.text_model import load_model
from shared import topics
from shared.events import ComplaintAccepted, DecidedBy
from shared.ids import tracking_id
from tests.builders import accepted, ticket_id
from tests.component.routing.harness import LAMP, ServiceHarness
from tests.fakes.model import NAME, WordModel
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import POLICY

pytestmark = pytest.mark.component

SHIPPED = Path(__file__).parents[3] / "policy" / "model"
PATIENCE_SECONDS = 30


class Breaking(WordModel):
    def prediction(self, text: str) -> None:  # type: ignore[override]  # it never comes to that
        raise ZeroDivisionError


class Waiting(WordModel):
    """Thinks until the event loop lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_thinking, self.may_answer = threading.Event(), threading.Event()

    def suggest(self, questions: Sequence[Question]) -> list[Prediction]:
        self.is_thinking.set()
        if not self.may_answer.wait(PATIENCE_SECONDS):
            raise TimeoutError("the event loop stands still while the model thinks")
        return super().suggest(questions)


def vague(number: int = 1) -> ComplaintAccepted:
    ticket = ticket_id("web", str(number))
    return accepted(
        ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=str(number), title="Min", body="gelap sekali"
    )


async def beats_until_done(working: asyncio.Task[Any]) -> int:
    """Return how often the event loop came round meanwhile, as it must for the consumer's heartbeats."""
    beats = 0
    while not working.done():
        beats += 1
        await asyncio.sleep(0)
    await working
    return beats


def harness(model: TextModel | None) -> ServiceHarness:
    made = ServiceHarness()
    made.handler = RoutingHandler(POLICY, model)
    made.restart()
    return made


async def test_a_model_routes_what_the_rules_leave_open_and_nothing_else() -> None:
    at_work = harness(WordModel({"gelap": ("dishub", 0.97), "lampu": ("dlh", 0.99)}))
    at_work.complain(vague(1))
    at_work.complain(accepted(**LAMP.model_dump() | {"ticket_id": ticket_id("web", "2")}))

    await at_work.work()

    by_model, by_rule = sorted(at_work.data(topics.TICKETS), key=lambda routed: routed.decided_by)
    assert (by_model.agency, by_model.decided_by, by_model.confidence) == ("dishub", DecidedBy.MODEL, 0.97)
    assert (by_model.explanation[-1].rule, by_model.explanation[-1].score) == (NAME, 0.97)
    assert by_rule.decided_by is DecidedBy.RULE
    assert "model" not in {step.step for step in by_rule.explanation}


async def test_a_whole_batch_is_asked_about_at_once_and_beside_the_event_loop() -> None:
    model = WordModel()
    at_work = harness(model)
    for number in range(20):
        at_work.complain(vague(number))

    await at_work.work()

    assert len(at_work.data(topics.TICKETS)) == len(model.asked) == 20
    assert len(model.threads) == 1
    assert threading.get_ident() not in model.threads


async def test_the_event_loop_goes_on_while_the_model_thinks() -> None:
    model = Waiting()
    at_work = harness(model)
    at_work.complain(vague())

    working = asyncio.create_task(at_work.work())
    await asyncio.to_thread(model.is_thinking.wait, PATIENCE_SECONDS)
    said_meanwhile = at_work.data(topics.TICKETS)
    model.may_answer.set()
    await working

    (routed,) = at_work.data(topics.TICKETS)
    assert (said_meanwhile, routed.decided_by) == ([], DecidedBy.MODEL)


async def test_the_event_loop_goes_on_while_a_real_model_reads_a_full_batch() -> None:
    at_work = harness(load_model(SHIPPED))
    for number in range(500):
        at_work.complain(vague(number))
    waiting = [(None, event) for event in at_work.published(topics.ACCEPTED)]

    asking = asyncio.create_task(at_work.handler.prefetch(waiting))
    beats = await beats_until_done(asking)

    assert len(asking.result().predictions) == 500
    assert beats > 10


async def test_an_agency_that_gives_a_ticket_back_leaves_the_model_s_other_thoughts_to_the_officer() -> None:
    at_work = harness(WordModel({"padam": ("dlh", 0.8), "seminggu.": ("dishub", 0.1)}))
    at_work.complain()
    await at_work.work()

    at_work.ask(COMMANDS["decline"].model_copy(update={"suggested_agency": None}))
    await at_work.work()

    (asked,) = at_work.data(topics.TRIAGE)
    assert [(offered.agency, offered.why) for offered in asked.suggestions] == [("dlh", "text model: 0.80")]


@pytest.mark.expects_errors
async def test_a_model_that_fails_leaves_the_decision_to_an_officer() -> None:
    at_work = harness(Breaking())
    at_work.complain(vague())

    await at_work.work()

    (asked,) = at_work.data(topics.TRIAGE)
    assert asked.explanation[-1].outcome == "the text model was not asked"


async def test_without_a_model_the_cascade_decides_by_rules_and_reports_it() -> None:
    at_work = harness(None)
    at_work.complain(vague())

    await at_work.work()

    (asked,) = at_work.data(topics.TRIAGE)
    assert asked.explanation[-1].outcome == "no text model is in use"
