"""Nothing that comes from outside stops the stream, or is lost in silence."""

import asyncio
import random
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from tests.builders import FROM_DISHUB, FROM_WEB, TO_WEB
from tests.fakes.batches import NAME, built, renamed
from tests.faults.city import as_outgoing, city_of, complaint
from tests.faults.outsiders import CODECS, sent, sent_as_it_is, values
from tests.faults.poison import POISON
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

KILLS = 12
EACH = 40
KEPT = {
    ("routing", "too_long", FROM_DISHUB, 0), ("routing", "unreadable_batch", FROM_DISHUB, 1),
    ("routing", "too_long", FROM_DISHUB, 2), ("routing", "too_long", FROM_DISHUB, 3),
    ("intake", "unreadable_batch", FROM_WEB, 1),
}  # fmt: skip
ODD_HEADERS = (("traceparent", b"\xff\xfe"), ("empty", None), ("x" * 100, b"1"))


async def test_submissions_in_every_codec_and_with_odd_headers_are_all_answered(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with running(Fleet(namespace, tmp_path)) as fleet, city_of(namespace) as city:
        for number, codec in enumerate(CODECS):
            mine = values(complaint(each, channel="web") for each in range(number * EACH, (number + 1) * EACH))
            await asyncio.to_thread(sent, namespace, codec, FROM_WEB, mine, ODD_HEADERS[: number % 4])
        (named,) = values([complaint(EACH * len(CODECS), channel="web")])
        await sent_as_it_is(namespace, FROM_WEB, renamed(built((b"k", named, [(NAME, b"1")]))))

        await city.audited()

        assert await city.accepted() == EACH * len(CODECS) + 1
        assert [member.health() for member in fleet.members] == [200] * 4


async def test_an_undecodable_or_oversized_batch_stops_nothing(namespace: Namespace, tmp_path: Path) -> None:
    async with running(Fleet(namespace, tmp_path)) as fleet, story_of(namespace) as story:
        for topic in (FROM_WEB, FROM_DISHUB):
            for size in (17_000_000, 40_000_000):
                await asyncio.to_thread(sent, namespace, "gzip", topic, [b"x" * size], partition=0)
            await asyncio.to_thread(sent, namespace, "zstd", topic, [b"y"], key=b"k" * 1_000_000, partition=0)
            await asyncio.to_thread(sent, namespace, "zstd", topic, [b"y"], [("big", b"h" * 1_000_000)], partition=0)
        await story.client.publish([as_outgoing(complaint(number)) for number in range(30)])

        accepted = await story.complain(channel="web", source_id="honest", body="Lampu jalan di Pamulang padam.")
        await story.hears(e.TicketRouted, topics.TICKETS, accepted.ticket_id)
        await story.until(lambda: quarantined(story) == KEPT or None, "what is set aside")
        await story.audited({(topic, 0, offset) for _, _, topic, offset in KEPT})

        assert [(member.health(), member.process.poll()) for member in fleet.members] == [(200, None)] * 4
        refused = story.all(e.ComplaintRejected, TO_WEB)
        codes = [reason.code for rejected in refused for reason in rejected.reasons]
        assert sorted(codes) == ["too_long", "too_long", "too_long", "unreadable_batch"]


def quarantined(story: Story) -> set[tuple[str, str, str, int]]:
    """Return what lies among the dead letters: of which service, why, and where it was."""
    letters = [record for record in story.records if record.topic.endswith(".dead-letters")]
    told = [(record.topic.partition(".")[0], dict(record.headers)) for record in letters]
    return {
        (service, about["dlq-reason"].decode(), about["dlq-topic"].decode(), int(about["dlq-offset"]))
        for service, about in told
    }


@pytest.mark.cluster
async def test_twelve_deaths_among_outsiders_lose_and_double_nothing(namespace: Namespace, tmp_path: Path) -> None:
    choice = random.Random(8)
    async with running(Fleet(namespace, tmp_path)) as fleet, city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain(3000))
        planted = set()
        for number in range(KILLS):
            topic, value = choice.choice(POISON)
            (lies,) = await city.client.publish([Outgoing("", topic, f"garbage {number}", value)])
            if topic != FROM_WEB:
                planted.add((topic, lies.partition, lies.offset))
            codec = CODECS[number % len(CODECS)]
            again = [as_outgoing(complaint(each, repeat=number)) for each in range(number * 10, number * 10 + 10)]
            for repeated in again:
                await asyncio.to_thread(sent, namespace, codec, repeated.topic, [repeated.value or b""])
            victim = choice.choice([member for member in fleet.members if member.process.poll() is None])
            victim.kill()
            fleet.start(victim.service)
            await asyncio.sleep(choice.uniform(0, 2))
        await complaining

        await city.audited(planted)
        assert await city.accepted() == 3000


async def test_a_stopped_service_has_left_its_group_when_it_ends(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_KAFKA_SESSION_TIMEOUT_MS": "45000"})
    admin = AdminClient({"bootstrap.servers": namespace.kafka.bootstrap_servers})

    def members() -> int:
        described = admin.describe_consumer_groups([namespace.prefix + "routing"], request_timeout=20)
        return sum(len(found.result().members) for found in described.values())

    async with running(fleet), city_of(namespace) as city:
        routing = next(member for member in fleet.members if member.service == "routing")
        await city.complain(500)
        before = await asyncio.to_thread(members)

        routing.process.terminate()
        code = await asyncio.to_thread(routing.process.wait, 40)

        assert (before, code, await asyncio.to_thread(members)) == (1, 0, 0)
        fleet.start("routing")
        await until(lambda: members() == 1, 60, fleet.last_words)
        await city.audited()
