"""Every service takes a changed policy between two batches: what is decided from then on, it decides by the new one."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.store import unique
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import load_notices
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from shared import topics
from shared.events import ClockStarted, ComplaintAccepted, ComplaintRejected
from shared.ids import tracking_id
from shared.policy.loading import version_of
from shared.policy.watch import PolicyWatch
from tests.builders import IDS, accepted, event, submitted, ticket_id
from tests.fakes.handler_harness import HandlerHarness
from tests.fakes.memory import MemoryStore
from tests.sealing import OPENER, SEALER

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[2] / "policy"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return a copy of the shipped policy that a test may change."""
    return shutil.copytree(SHIPPED, tmp_path / "policy")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


async def follow(watch: PolicyWatch[Any], take: Callable[[Any], None]) -> None:
    for _ in range(2):
        await watch.look(take)


def complaint(number: int, **changes: Any) -> ComplaintAccepted:
    ticket = ticket_id("web", str(number))
    return accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=str(number), **changes)


async def test_routing_decides_by_the_new_rules_and_names_their_version(policy: Path) -> None:
    watch = PolicyWatch("routing", policy, load_routing)
    harness = HandlerHarness(RoutingHandler(watch.policy))
    vague = {"title": "Min", "body": "zonk di kampung kami"}
    harness.publish(topics.ACCEPTED, event(complaint(1, **vague)))
    await harness.work()
    before = watch.version

    change(policy / "routing.yaml", "rules:\n", "rules:\n  - {id: kw-new, agency: dlh, weight: 5, any: [zonk]}\n")
    await follow(watch, harness.handler.use_policy)
    harness.publish(topics.ACCEPTED, event(complaint(2, **vague)))
    await harness.work()

    asked, routed = sorted(harness.data(topics.TICKETS), key=lambda said: said.state)
    assert (asked.state, {step.policy_version for step in asked.explanation}) == ("in_triage", {before})
    assert (routed.agency, {step.policy_version for step in routed.explanation}) == ("dlh", {version_of(policy)})


async def test_a_broken_policy_leaves_the_old_one_in_force(policy: Path) -> None:
    watch = PolicyWatch("routing", policy, load_routing)
    harness = HandlerHarness(RoutingHandler(watch.policy))
    change(policy / "routing.yaml", "agency: dsdabmbk", "agency: dsdabmk")

    await follow(watch, harness.handler.use_policy)
    harness.publish(topics.ACCEPTED, event(complaint(1)))
    await harness.work()

    (routed,) = harness.data(topics.TICKETS)
    assert (routed.agency, routed.explanation[0].policy_version) == ("dsdabmbk", watch.version)
    assert "routing.yaml:" in watch.remark()


async def test_intake_takes_a_channel_that_was_added(policy: Path) -> None:
    watch = PolicyWatch("intake", policy, load_intake)
    harness = HandlerHarness(IntakeHandler(watch.policy, IDS, SEALER), MemoryStore(unique=unique))
    harness.publish(
        topics.submitted_topic("telegram"), event(submitted(channel="telegram"), source="/channels/telegram")
    )
    await harness.work()

    change(policy / "channels.yaml", "channels:\n", "channels:\n  - {code: telegram, name: Telegram, replies: true}\n")
    await follow(watch, harness.handler.use_policy)
    again = submitted(channel="telegram", source_id="2")
    harness.publish(topics.submitted_topic("telegram"), event(again, source="/channels/telegram"))
    await harness.work()

    answers = harness.data(topics.answers_topic("telegram"))
    assert [type(answer) for answer in answers] == [ComplaintRejected, ComplaintAccepted]
    assert [answer.source_id for answer in answers] == ["1", "2"]


async def test_sla_starts_clocks_by_the_new_allowances(policy: Path) -> None:
    watch = PolicyWatch("sla", policy, load_sla)
    harness = HandlerHarness(SlaHandler(watch.policy))
    harness.publish(topics.ACCEPTED, event(complaint(1)))
    await harness.work()
    before = watch.policy.version

    change(policy / "sla.yaml", "version: ", "version: 9")
    await follow(watch, harness.handler.use_policy)
    harness.publish(topics.ACCEPTED, event(complaint(2)))
    await harness.work()

    versions = {said.policy_version for said in harness.data(topics.SLA) if isinstance(said, ClockStarted)}
    assert versions == {before, watch.policy.version}
    assert before != watch.policy.version


async def test_notify_writes_by_the_new_rules_and_texts(policy: Path) -> None:
    watch = PolicyWatch("notify", policy, load_notices)
    handler, renderer = NotifyHandler(watch.policy.rules), MessageRenderer(watch.policy, OPENER)

    def use_policy(changed: Any) -> None:
        handler.use_policy(changed.rules)
        renderer.use_policy(changed)

    change(policy / "sending.yaml", "attempts_max: ", "attempts_max: 4 #")
    change(policy / "notices" / "closed.id.j2", "{{ tracking_id }}", "nomor {{ tracking_id }}")
    await follow(watch, use_policy)

    text = renderer.policy.templates.sources["closed.id.j2"]
    assert handler.rules.retries.attempts_max == 4
    assert "nomor {{ tracking_id }}" in text
    assert handler.rules.stale_for > timedelta(0)


async def test_notify_counts_days_by_the_new_calendar_unless_it_is_broken(policy: Path) -> None:
    watch = PolicyWatch("notify", policy, load_notices)
    renderer = MessageRenderer(watch.policy, OPENER)
    thursday, tuesday = datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    days = [renderer.policy.working_time("dishub").days_between(thursday, tuesday)]

    for old, new in (("added: []", 'added: [{date: "2026-11-27", name: Pilkada}]'), ("Pilkada", "[")):
        change(policy / "calendars.yaml", old, new)
        await follow(watch, renderer.use_policy)
        days.append(renderer.policy.working_time("dishub").days_between(thursday, tuesday))

    assert days == [3, 2, 2]
    assert "calendars.yaml:" in watch.remark()


async def test_intake_and_routing_mask_by_the_new_lists(policy: Path) -> None:
    """A list of words is a file of the policy like any other."""
    written = "nama saya zamrud, nomor aneh 123456789012"
    watches = PolicyWatch("intake", policy, load_intake), PolicyWatch("routing", policy, load_routing)
    assert [watch.policy.masker.mask(written) for watch in watches] == ["nama saya [nama], nomor aneh 123456789012"] * 2

    change(policy / "everyday_words.txt", "jalan", "jalan zamrud")
    for watch in watches:
        await follow(watch, lambda _: None)
    assert [watch.policy.masker.mask(written) for watch in watches] == [written] * 2

    change(policy / "identities.yaml", "words: [npwp,", "words: [npwp, nomor aneh,")
    for watch in watches:
        await follow(watch, lambda _: None)
    assert [watch.policy.masker.mask(written) for watch in watches] == ["nama saya zamrud, nomor aneh [NPWP]"] * 2
