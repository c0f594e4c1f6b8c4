"""What every stream promises: order per key, and that what is not committed comes again."""

from datetime import UTC

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from tests.contract.streams import Stream

KEYS = ("a", "b", "c", "d")


def event(number: int, key: str | None = "key", value: bytes | None = b"") -> Outgoing:
    return Outgoing(str(number), topics.TICKETS, key, value, (("content-type", b"x"), ("n", str(number).encode())))


def numbers(records: list[Record]) -> list[int]:
    return [int(dict(record.headers)["n"]) for record in records]


async def test_a_record_arrives_as_it_was_published(stream: Stream) -> None:
    whole = bytes(range(256))
    await stream.publisher.publish([event(1, "\udcff\udcfe", whole), event(2, None, b"{}"), event(3, "key", None)])

    records = await stream.read("sla", [topics.TICKETS], 3, commit=False)

    found = dict(zip(numbers(records), records, strict=True))
    assert [(found[n].key, found[n].value) for n in (1, 2, 3)] == [
        (b"\xff\xfe", whole), (None, b"{}"), (b"key", None),
    ]  # fmt: skip
    assert found[1].headers == (("content-type", b"x"), ("n", b"1"))
    assert {record.topic for record in records} == {topics.TICKETS}
    assert all(record.timestamp.tzinfo is UTC for record in records)


async def test_records_of_one_key_come_in_order(stream: Stream) -> None:
    sent = [(KEYS[number % 4], number) for number in range(400)]
    await stream.publisher.publish([event(number, key) for key, number in sent])

    records = await stream.read("sla", [topics.TICKETS], 400, commit=False)

    read = [((record.key or b"").decode(), number) for number, record in zip(numbers(records), records, strict=True)]
    assert {key: [n for k, n in read if k == key] for key in KEYS} == {
        key: [n for k, n in sent if k == key] for key in KEYS
    }
    offsets = {(record.partition, record.offset) for record in records}
    assert len(offsets) == 400


async def test_uncommitted_records_come_again_and_committed_ones_do_not(stream: Stream) -> None:
    await stream.publisher.publish([event(number, KEYS[number % 4]) for number in range(8)])
    first = await stream.read("sla", [topics.TICKETS], 8, commit=False)
    again = await stream.read("sla", [topics.TICKETS], 8, commit=True)
    await stream.publisher.publish([event(8)])

    later = await stream.read("sla", [topics.TICKETS], 1, commit=True)

    assert sorted(numbers(first)) == sorted(numbers(again)) == list(range(8))
    assert numbers(later) == [8]


async def test_each_group_reads_everything(stream: Stream) -> None:
    await stream.publisher.publish([event(1)])
    await stream.read("sla", [topics.TICKETS], 1, commit=True)

    other = await stream.read("notify", [topics.TICKETS], 1, commit=True)

    assert numbers(other) == [1]


async def test_a_group_reads_all_its_topics_and_no_other(stream: Stream) -> None:
    elsewhere = Outgoing("2", topics.SLA, "key", b"", (("n", b"2"),))
    foreign = Outgoing("3", topics.TRIAGE, "key", b"", (("n", b"3"),))
    await stream.publisher.publish([foreign, event(1), elsewhere])

    records = await stream.read("routing", [topics.TICKETS, topics.SLA], 2, commit=True)

    assert sorted(numbers(records)) == [1, 2]


async def test_publishing_nothing_returns(stream: Stream) -> None:
    await stream.publisher.publish([])
