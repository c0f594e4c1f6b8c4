from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.sla.store import STATE
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack
from shared.delivery.relay import Relay
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Step
from shared.events import ClockBreached, HoldReason
from shared.ids import tracking_id
from shared.sharding import NOTHING, Share, shard_of, share_of
from shared.topics import PARTITIONS
from tests.builders import TICKET, ticket_id
from tests.component.sla.harness import COMPLAINT, ROUTED, SlaHarness
from tests.fakes.handler_harness import Crashed, CrashingBroker, dies_after
from tests.unit.sla.cases import accepted, answered, held, routed
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.component


async def at_work() -> SlaHarness:
    """A service with one ticket that an agency has."""
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED)
    await harness.work()
    return harness


async def test_time_warns_breaches_and_escalates() -> None:
    harness = await at_work()

    await harness.wait_until("2026-04-24 17:00")

    assert harness.names(topics.WARNINGS) == ["respond warned"] * 2 + ["resolve warned"] * 2
    assert harness.names(topics.BREACHES) == [
        "respond breached", "respond escalated", "respond escalated", "resolve breached",
    ]  # fmt: skip
    assert harness.published_twice() == set()


async def test_sweeping_twice_publishes_nothing_new() -> None:
    harness = await at_work()
    harness.clock.at = at("2026-04-14 09:00")
    await harness.sweep()
    said, revision = harness.everything(), harness.store.documents[TICKET].revision

    await harness.sweep()

    assert harness.everything() == said
    assert harness.store.documents[TICKET].revision == revision


async def test_no_document_is_due_before_its_time() -> None:
    harness = await at_work()
    assert harness.due_at is not None
    harness.clock.at = harness.due_at - timedelta(milliseconds=1)

    assert await harness.loop.sweep() == 0


async def test_two_sweepers_over_one_collection_publish_nothing_twice() -> None:
    harness = await at_work()
    other = TimeLoop(harness.handler, harness.store, harness.broker, harness.clock)

    await harness.wait_until("2026-04-24 17:00", harness.loop, other)

    alone = await at_work()
    await alone.wait_until("2026-04-24 17:00")
    assert [heard.data for heard in harness.everything()] == [heard.data for heard in alone.everything()]
    assert harness.published_twice() == set()


async def test_of_two_sweepers_that_see_the_same_ticket_due_one_wins() -> None:
    harness = await at_work()
    harness.clock.at = at("2026-04-14 09:00")
    document = harness.store.documents[TICKET]
    slow = TimeLoop(harness.handler, harness.store, harness.broker, harness.clock)
    stale = slow.ticked(document, harness.clock.now())

    await harness.sweep()
    won = await slow.save_and_publish(stale)

    assert won == []
    assert harness.names(topics.BREACHES) == ["respond breached"]


async def test_the_relay_publishes_once_per_id_after_a_crash_behind_the_save() -> None:
    harness = await at_work()
    harness.clock.at = at("2026-04-14 09:00")
    dying = TimeLoop(harness.handler, harness.store, CrashingBroker(), harness.clock)
    with pytest.raises(Crashed):
        await dying.sweep()
    silent = harness.names(topics.BREACHES)

    harness.clock.at += timedelta(seconds=10)
    await harness.relay.relay()
    await harness.relay.relay()
    await harness.sweep()

    assert silent == []
    assert harness.names(topics.BREACHES) == ["respond breached"]


@pytest.mark.parametrize("last", [Step.SAVED, Step.PUBLISHED])
async def test_a_crash_of_the_sweep_at_any_step_publishes_everything_once_per_id(last: Step) -> None:
    harness = await at_work()
    harness.clock.at = at("2026-04-23 09:00")
    harness.restart(observe=dies_after(last))
    with pytest.raises(Crashed):
        await harness.loop.sweep()

    harness.restart()
    harness.clock.at += timedelta(seconds=10)
    await harness.relay.relay()
    await harness.sweep()

    said = {heard.id: heard.data for heard in harness.published(topics.BREACHES)}
    assert len(said) == 3
    assert len({data.model_dump_json() for data in harness.data(topics.BREACHES)}) == 3


async def test_an_answer_that_arrives_while_the_sweep_runs_is_not_forgotten() -> None:
    """The sweep has read the ticket, the answer is applied, the sweep saves: it must lose and look again."""
    harness = await at_work()
    harness.clock.at = at("2026-04-13 16:01")
    stale = harness.loop.ticked(harness.store.documents[TICKET], harness.clock.now())
    harness.receive(answered(2, "2026-04-13 15:59", final=False))
    await harness.work()

    await harness.loop.save_and_publish(stale)
    await harness.sweep()

    assert harness.names(topics.BREACHES) == []
    assert harness.names(topics.SLA)[-1] == "respond met"


class Listening:
    """A publisher that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.given: list[Outgoing] = []

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        self.given.extend(events)
        return {}


async def test_after_an_outage_the_longest_overdue_is_published_first() -> None:
    harness, heard = SlaHarness(), Listening()
    for day in (9, 7, 8):
        ids = {"ticket_id": ticket_id("web", str(day)), "tracking_id": tracking_id(ticket_id("web", str(day)))}
        harness.receive(accepted("2026-04-06 08:00", **ids), routed(1, f"2026-04-0{day} 09:00", **ids))
    await harness.work()
    harness.clock.at = at("2026-05-20 09:00")

    while await TimeLoop(harness.handler, harness.store, heard, harness.clock, documents_max=1).sweep():
        pass

    breached = [event for event in heard.given if ClockBreached.TYPE.encode() in (event.value or b"")]
    assert [event.key for event in breached[::2]] == [ticket_id("web", day) for day in ("7", "8", "9")]
    assert len({event.id for event in breached}) == 6


async def test_a_hold_that_reaches_its_limit_goes_on_by_time_alone() -> None:
    harness = await at_work()
    harness.receive(held(2, "2026-04-07 10:00", HoldReason.NEEDS_OTHER_AGENCY))
    await harness.work()

    await harness.wait_until("2026-04-21 16:01")

    assert harness.names(topics.SLA)[-2:] == ["respond resumed", "resolve resumed"]
    assert harness.names(topics.BREACHES) == []


async def test_a_ticket_comes_back_from_its_document_as_it_was() -> None:
    harness = await at_work()
    harness.receive(
        held(2, "2026-04-07 10:00", HoldReason.FIELD_WORK, "2026-04-08 10:00"), answered(3, "2026-04-14 09:00")
    )
    await harness.work()
    await harness.wait_until("2026-04-30 09:00")

    stored = STATE.dump_python(harness.state, mode="json")

    assert STATE.validate_python(stored) == harness.state


async def test_no_text_of_reporter_or_agency_is_stored_or_published() -> None:
    harness, words = SlaHarness(), "Pak Budi, Jalan Kenanga 5"
    harness.receive(
        COMPLAINT.model_copy(update={"title": words, "body": words}),
        ROUTED,
        answered(2, "2026-04-14 09:00").model_copy(update={"answer": words}),
    )
    await harness.work()

    kept = STATE.dump_json(harness.state).decode()
    said = "".join(heard.data.model_dump_json() for heard in harness.everything())

    assert harness.data(topics.BREACHES)
    assert "Kenanga" not in kept + said


async def test_replicas_sweep_their_own_share_and_together_all_of_them() -> None:
    harness, tickets = SlaHarness(), [ticket_id("web", str(number)) for number in range(12)]
    for ticket in tickets:
        ids = {"ticket_id": ticket, "tracking_id": tracking_id(ticket)}
        harness.receive(accepted("2026-04-06 08:00", **ids), routed(1, "2026-04-07 09:00", **ids))
    await harness.work()
    harness.clock.at = at("2026-04-15 09:00")
    shares = [share_of({0}, 3), share_of({1, 2}, 3)]
    replicas = [replica(harness, share) for share in shares]

    swept = []
    for one in replicas:
        before = len(harness.published(topics.BREACHES))
        await one.sweep()
        swept.append({heard.key for heard in harness.published(topics.BREACHES)[before:]})

    lie = [{shard_of(key or "", PARTITIONS) for key in keys} for keys in swept]
    assert [{share.holds(shard) for shard in shards} for share, shards in zip(shares, lie, strict=True)] == [
        {True},
        {True},
    ]
    assert set().union(*swept) == set(tickets)


async def test_a_replica_without_partitions_queries_nothing() -> None:
    harness = await at_work()
    harness.clock.at = at("2026-04-14 09:00")
    idle = replica(harness, NOTHING)
    relay = Relay(harness.store, harness.broker, harness.clock, assignment=lambda: NOTHING)

    assert (await idle.sweep(), await relay.relay(), harness.names(topics.BREACHES)) == (0, 0, [])


def replica(harness: SlaHarness, share: Share) -> TimeLoop[Any]:
    return TimeLoop(harness.handler, harness.store, harness.broker, harness.clock, assignment=lambda: share)
