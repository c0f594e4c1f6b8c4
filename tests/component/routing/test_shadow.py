from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.routing.app import shadow_watch
from services.routing.domain.agency_choice.prediction import TextModel
from services.routing.domain.agency_choice.rules import AgencyRule, RoutingPolicy, Rulebook
from services.routing.handlers import RoutingHandler
from services.routing.shadow import ShadowedRouting
from shared import topics
from shared.events import ComplaintAccepted
from shared.policy.loading import version_of
from tests.builders import TICKET, accepted
from tests.component.routing.harness import LAMP, ServiceHarness
from tests.fakes.model import WordModel
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import POLICY, RULES, any_of

pytestmark = pytest.mark.component

SHIPPED = Path(__file__).parents[3] / "policy"
OTHER = replace(
    POLICY, version="p2", rulebook=Rulebook((*RULES, AgencyRule("kw-dark", any_of("gelap", "pju"), "dlh", 9)))
)
STRICT = replace(POLICY, version="p3", threshold=9)
DARK = accepted(title="Min", body="Gelap sekali")
ROAD = accepted(title="Jalan berlubang", body="Mohon diperbaiki")


def harness(handler: RoutingHandler) -> ServiceHarness:
    made = ServiceHarness()
    made.handler = handler
    made.restart()
    return made


async def shadowed(
    complaint: ComplaintAccepted, shadow: RoutingPolicy = OTHER, model: TextModel | None = None
) -> tuple[ServiceHarness, list[dict[str, Any]]]:
    """Return the harness after a complaint, and what was logged of the shadow policy."""
    at_work = harness(ShadowedRouting(POLICY, shadow, model))
    at_work.complain(complaint)
    with capture_logs() as logs:
        await at_work.work()
    return at_work, [dict(line) for line in logs if "shadow" in line["event"]]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("tindak_shadow_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize(
    ("complaint", "shadow", "live", "other", "outcome"),
    [
        (ROAD, OTHER, "dsdabmbk", "dsdabmbk", "same"),
        (LAMP, OTHER, "dishub", "dlh", "other_agency"),
        (DARK, OTHER, "triage", "dlh", "decides"),
        (LAMP, STRICT, "dishub", "triage", "asks"),
    ],
)
async def test_decisions_of_a_shadow_policy_are_logged_and_counted(
    complaint: ComplaintAccepted, shadow: RoutingPolicy, live: str, other: str, outcome: str
) -> None:
    before = counted(outcome)

    _, logs = await shadowed(complaint, shadow)

    assert logs == [
        {
            "event": "shadow", "log_level": "info", "ticket_id": TICKET, "policy": "p1",
            "shadow_policy": shadow.version, "agency": live, "shadow_agency": other, "same": live == other,
        }
    ]  # fmt: skip
    assert counted(outcome) == before + 1


@pytest.mark.parametrize("model", [None, WordModel()], ids=["rules", "rules and model"])
async def test_a_shadow_policy_changes_no_published_fact(model: TextModel | None) -> None:
    alone = harness(RoutingHandler(POLICY, model))
    alone.complain(DARK)
    await alone.work()

    beside, _ = await shadowed(DARK, model=model)

    assert beside.data(topics.TICKETS) == alone.data(topics.TICKETS)
    assert beside.state == alone.state


async def test_the_shadow_policy_asks_the_model_itself() -> None:
    _, (line,) = await shadowed(LAMP, STRICT, WordModel({"padam": ("dlh", 0.97)}))

    assert (line["agency"], line["shadow_agency"]) == ("dishub", "dlh")


async def test_a_shadow_policy_that_fails_is_logged_and_changes_nothing() -> None:
    at_work, logs = await shadowed(LAMP, replace(POLICY, rulebook=None))  # type: ignore[arg-type]  # it must fail

    assert [(line["event"], line["error"].split()[0]) for line in logs] == [
        ("the shadow policy failed", "AttributeError")
    ]
    assert at_work.names() == ["routed"]


async def test_later_events_of_a_ticket_are_not_shadowed() -> None:
    at_work, _ = await shadowed(LAMP)
    at_work.ask(COMMANDS["acknowledge"])
    at_work.complain(LAMP)

    with capture_logs() as logs:
        await at_work.work()

    assert [line for line in logs if "shadow" in line["event"]] == []


async def test_another_shadow_may_take_its_place() -> None:
    at_work = harness(ShadowedRouting(POLICY, OTHER))
    at_work.handler.use_shadow_policy(STRICT)
    at_work.complain()

    with capture_logs() as logs:
        await at_work.work()

    assert [line["shadow_policy"] for line in logs if line["event"] == "shadow"] == ["p3"]


def test_a_broken_shadow_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    with capture_logs() as logs:
        watch = shadow_watch(tmp_path)

    assert watch is None
    assert [(line["event"], "agencies.yaml:1:" in line["faults"][0]) for line in logs] == [("no shadow policy", True)]


def test_a_sound_shadow_is_watched_under_a_name_of_its_own() -> None:
    watch = shadow_watch(SHIPPED)

    assert watch is not None
    assert (watch.service, watch.policy.version) == ("routing_shadow", version_of(SHIPPED))
    assert shadow_watch(None) is None
