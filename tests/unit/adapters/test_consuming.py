"""The consumer around a fetch, without a broker."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.adapters.kafka.consumer import SafeConsumer
from shared.fairness.join import JoinWindow
from shared.fairness.pace import BUSY_RECORDS, USUAL, Batching
from tests.fakes.batches import plain
from tests.fakes.fetch import ONE, Fetch

pytestmark = pytest.mark.unit


class Consumer(SafeConsumer):
    """A consumer that was never started, on the partitions of a fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._closed = True  # nothing is open
        self._subscription = fetch.subscription
        self._fetcher = fetch.fetcher
        self.told: list[object] = []
        self.trouble = self.told.append
        self.ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.failed = self.ended.set_result


@pytest.mark.parametrize("error", [KafkaError("broken off"), RuntimeError(), asyncio.CancelledError()], ids=repr)
async def test_drained_records_not_handed_over_are_read_again(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Fetch()
    consumer = Consumer(fetch)

    async def getmany(self: Any, *places: TopicPartition, **options: Any) -> None:
        fetch.state(ONE).consumed_to(7)
        raise error

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    monkeypatch.setattr("shared.adapters.kafka.consumer.ERROR_PAUSE_SECONDS", 0)

    if isinstance(error, KafkaError):
        assert await consumer.getmany() == {}
        assert consumer.told == [error]
    else:
        with pytest.raises(type(error)):
            await consumer.getmany()

    assert fetch.positions() == [0, 0]


async def test_what_waits_for_other_topics_is_read_again_too(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = Fetch()
    window = fetch.fetcher.join = JoinWindow(Batching(joined=("tickets.updates", "sla.events"), join_seconds=60))
    fetch.answer(ONE, plain(*[b"held"] * BUSY_RECORDS))
    held = (await fetch.drained(), window.holds, fetch.positions())

    async def getmany(self: Any, *places: TopicPartition, **options: Any) -> None:
        raise KafkaError("broken off")

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    monkeypatch.setattr("shared.adapters.kafka.consumer.ERROR_PAUSE_SECONDS", 0)
    await Consumer(fetch).getmany()

    assert held == ([], True, [BUSY_RECORDS, 0])
    assert (window.holds, fetch.positions()) == (False, [0, 0])


@pytest.mark.parametrize("dead", ["fetch", "group", "metadata"])
async def test_a_task_that_has_ended_in_silence_ends_the_consumer(dead: str) -> None:
    fetch = Fetch()
    consumer = Consumer(fetch)
    consumer._closed = False
    alive: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended.set_exception(ValueError())
    tasks = {"fetch": alive, "group": alive, "metadata": alive} | {dead: ended}
    consumer._fetcher = type("Fetcher", (), {"error_future": tasks["fetch"], "join": JoinWindow(USUAL)})()
    consumer._coordinator = type("Coordinator", (), {"_coordination_task": tasks["group"]})()
    consumer._client = type("Client", (), {"_sync_task": tasks["metadata"]})()

    reading = asyncio.create_task(consumer.getmany())
    error = await consumer.ended
    reading.cancel()
    consumer._closed = True

    assert str(error) == f"the {dead} task of the consumer has ended: ValueError"


@pytest.mark.parametrize(("patient", "polled", "found"), [(True, 3, {ONE: ["record"]}), (False, 1, {})])
async def test_a_poll_that_finds_nothing_is_made_again_at_once_by_who_is_patient(
    patient: bool, polled: int, found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Fetch()
    consumer = Consumer(fetch)
    consumer.patient = patient
    monkeypatch.setattr(consumer, "_closed", False)
    monkeypatch.setattr(consumer, "refuse_dead_tasks", lambda: None)
    polls = [{}, {}, {ONE: ["record"]}]

    async def getmany(self: Any, *places: TopicPartition, **options: Any) -> Any:
        return polls.pop(0)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)

    assert await consumer.getmany(timeout_ms=10) == found
    assert consumer.told == [None] * polled
    consumer._closed = True
