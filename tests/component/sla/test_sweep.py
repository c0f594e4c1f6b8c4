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
from shared.ids import ticket_id, tracking_id
from shared.sharding import NOTHING, PARTITIONS, Share, shard_of, share_of
from tests.builders import TICKET
from tests.component.sla.office import COMPLAINT, ROUTED, Office
from tests.fakes.bench import Crashed, CrashingBroker, dies_after
from tests.unit.sla.cases import accepted, answered, at, held, routed

pytestmark = pytest.mark.component


async def at_work() -> Office:
    """An office with one ticket that an agency has."""
    office = Office()
    office.hear(COMPLAINT, ROUTED)
    await office.work()
    return office


async def test_time_warns_breaches_and_escalates() -> None:
    office = await at_work()

    await office.wait_until("2026-04-24 17:00")

    assert office.names(topics.WARNINGS) == ["respond warned"] * 2 + ["resolve warned"] * 2
    assert office.names(topics.BREACHES) == [
        "respond breached", "respond escalated", "respond escalated", "resolve breached",
    ]  # fmt: skip
    assert office.told_more_than_once() == set()


async def test_sweeping_twice_says_nothing_new() -> None:
    office = await at_work()
    office.clock.at = at("2026-04-14 09:00")
    await office.sweep()
    said, revision = office.everything(), office.store.documents[TICKET].revision

    await office.sweep()

    assert office.everything() == said
    assert office.store.documents[TICKET].revision == revision


async def test_nothing_is_due_before_its_time() -> None:
    office = await at_work()
    assert office.due_at is not None
    office.clock.at = office.due_at - timedelta(milliseconds=1)

    assert await office.loop.sweep() == 0


async def test_two_sweepers_over_one_collection_never_say_anything_twice() -> None:
    office = await at_work()
    other = TimeLoop(office.handler, office.store, office.broker, office.clock)

    await office.wait_until("2026-04-24 17:00", office.loop, other)

    alone = await at_work()
    await alone.wait_until("2026-04-24 17:00")
    assert [heard.data for heard in office.everything()] == [heard.data for heard in alone.everything()]
    assert office.told_more_than_once() == set()


async def test_of_two_sweepers_that_see_the_same_ticket_due_one_wins() -> None:
    office = await at_work()
    office.clock.at = at("2026-04-14 09:00")
    document = office.store.documents[TICKET]
    slow = TimeLoop(office.handler, office.store, office.broker, office.clock)
    stale = slow.moved(document, office.clock.now())

    await office.sweep()
    won = await slow.settle(stale)

    assert won == []
    assert office.names(topics.BREACHES) == ["respond breached"]


async def test_a_crash_after_the_save_is_made_good_by_the_relay_once_per_id() -> None:
    office = await at_work()
    office.clock.at = at("2026-04-14 09:00")
    dying = TimeLoop(office.handler, office.store, CrashingBroker(), office.clock)
    with pytest.raises(Crashed):
        await dying.sweep()
    silent = office.names(topics.BREACHES)

    office.clock.at += timedelta(seconds=10)
    await office.relay.relay()
    await office.relay.relay()
    await office.sweep()

    assert silent == []
    assert office.names(topics.BREACHES) == ["respond breached"]


@pytest.mark.parametrize("last", [Step.SAVED, Step.PUBLISHED])
async def test_a_crash_of_the_sweep_at_any_step_says_everything_once_per_id(last: Step) -> None:
    office = await at_work()
    office.clock.at = at("2026-04-23 09:00")
    office.restart(observe=dies_after(last))
    with pytest.raises(Crashed):
        await office.loop.sweep()

    office.restart()
    office.clock.at += timedelta(seconds=10)
    await office.relay.relay()
    await office.sweep()

    said = {heard.id: heard.data for heard in office.heard(topics.BREACHES)}
    assert len(said) == 3
    assert len({data.model_dump_json() for data in office.data(topics.BREACHES)}) == 3


async def test_an_answer_that_arrives_while_the_sweep_runs_is_not_forgotten() -> None:
    """The sweep has read the ticket, the answer is applied, the sweep saves: it must lose and look again."""
    office = await at_work()
    office.clock.at = at("2026-04-13 16:01")
    stale = office.loop.moved(office.store.documents[TICKET], office.clock.now())
    office.hear(answered(2, "2026-04-13 15:59", final=False))
    await office.work()

    await office.loop.settle(stale)
    await office.sweep()

    assert office.names(topics.BREACHES) == []
    assert office.names(topics.SLA)[-1] == "respond met"


class Listening:
    """A publisher that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.given: list[Outgoing] = []

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        self.given.extend(events)
        return {}


async def test_after_an_outage_everything_overdue_is_said_the_longest_overdue_first() -> None:
    office, heard = Office(), Listening()
    for day in (9, 7, 8):
        ids = {"ticket_id": ticket_id("web", str(day)), "tracking_id": tracking_id(ticket_id("web", str(day)))}
        office.hear(accepted("2026-04-06 08:00", **ids), routed(1, f"2026-04-0{day} 09:00", **ids))
    await office.work()
    office.clock.at = at("2026-05-20 09:00")

    while await TimeLoop(office.handler, office.store, heard, office.clock, documents_max=1).sweep():
        pass

    breached = [event for event in heard.given if ClockBreached.TYPE.encode() in (event.value or b"")]
    assert [event.key for event in breached[::2]] == [ticket_id("web", day) for day in ("7", "8", "9")]
    assert len({event.id for event in breached}) == 6


async def test_a_hold_that_reaches_its_limit_goes_on_by_time_alone() -> None:
    office = await at_work()
    office.hear(held(2, "2026-04-07 10:00", HoldReason.NEEDS_OTHER_AGENCY))
    await office.work()

    await office.wait_until("2026-04-21 16:01")

    assert office.names(topics.SLA)[-2:] == ["respond resumed", "resolve resumed"]
    assert office.names(topics.BREACHES) == []


async def test_a_ticket_comes_back_from_its_document_as_it_was() -> None:
    office = await at_work()
    office.hear(held(2, "2026-04-07 10:00", HoldReason.FIELD_WORK, "2026-04-08 10:00"), answered(3, "2026-04-14 09:00"))
    await office.work()
    await office.wait_until("2026-04-30 09:00")

    stored = STATE.dump_python(office.state, mode="json")

    assert STATE.validate_python(stored) == office.state


async def test_no_word_of_a_reporter_or_an_agency_is_kept_or_said() -> None:
    office, words = Office(), "Pak Budi, Jalan Kenanga 5"
    office.hear(
        COMPLAINT.model_copy(update={"title": words, "body": words}),
        ROUTED,
        answered(2, "2026-04-14 09:00").model_copy(update={"answer": words}),
    )
    await office.work()

    kept = STATE.dump_json(office.state).decode()
    said = "".join(heard.data.model_dump_json() for heard in office.everything())

    assert office.data(topics.BREACHES)
    assert "Kenanga" not in kept + said


async def test_replicas_sweep_their_own_share_and_together_all_of_them() -> None:
    office, tickets = Office(), [ticket_id("web", str(number)) for number in range(12)]
    for ticket in tickets:
        ids = {"ticket_id": ticket, "tracking_id": tracking_id(ticket)}
        office.hear(accepted("2026-04-06 08:00", **ids), routed(1, "2026-04-07 09:00", **ids))
    await office.work()
    office.clock.at = at("2026-04-15 09:00")
    shares = [share_of({0}, 3), share_of({1, 2}, 3)]
    replicas = [replica(office, share) for share in shares]

    swept = []
    for one in replicas:
        before = len(office.heard(topics.BREACHES))
        await one.sweep()
        swept.append({heard.key for heard in office.heard(topics.BREACHES)[before:]})

    lie = [{shard_of(key or "", PARTITIONS) for key in keys} for keys in swept]
    assert [{share.holds(shard) for shard in shards} for share, shards in zip(shares, lie, strict=True)] == [
        {True},
        {True},
    ]
    assert set().union(*swept) == set(tickets)


async def test_who_has_no_share_asks_for_nothing() -> None:
    office = await at_work()
    office.clock.at = at("2026-04-14 09:00")
    idle = replica(office, NOTHING)
    relay = Relay(office.store, office.broker, office.clock, assignment=lambda: NOTHING)

    assert (await idle.sweep(), await relay.relay(), office.names(topics.BREACHES)) == (0, 0, [])


def replica(office: Office, share: Share) -> TimeLoop[Any]:
    return TimeLoop(office.handler, office.store, office.broker, office.clock, assignment=lambda: share)
