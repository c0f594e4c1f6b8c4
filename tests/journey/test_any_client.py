"""What a client writes that has nothing of ours, as with ``kcat -P -k KEY``: a value, and a key at most."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from shared import events as e
from shared import topics
from shared.delivery.ports import Record
from tests.builders import FROM_DISHUB, FROM_WEB, TO_WEB, ticket_id
from tests.journey.garbage import BODY, SUBMISSIONS, UPDATES, line, update
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tindak.audit.ledger import Where

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

MEGABYTES_10 = b'{"data": "' + b"x" * 10_000_000 + b'"}'


class PlainClient:
    """librdkafka with its defaults, as a channel in any language uses it.

    Raises:
        KafkaException: From ``write``: the client or the broker refuses the record.
    """

    def __init__(self, namespace: Namespace, producer: Producer) -> None:
        self.prefix = namespace.prefix
        self.producer = producer

    def write(
        self,
        topic: str,
        value: bytes | None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timestamp: int = 0,
    ) -> Where:
        """Return where the record lies; a *timestamp* of 0 is now."""
        told: list[tuple[KafkaError | None, Message]] = []
        self.producer.produce(
            self.prefix + topic,
            value,
            key,
            headers=None if headers is None else dict(headers),
            timestamp=timestamp,
            on_delivery=lambda *result: told.append(result),
        )
        self.producer.flush(60)
        ((error, lies),) = told
        if error is not None:
            raise KafkaException(error)
        return topic, int(lies.partition() or 0), int(lies.offset() or 0)


@contextmanager
def client_of(namespace: Namespace, **settings: Any) -> Iterator[PlainClient]:
    """Give a client with its defaults but for these settings, closed afterwards."""
    with Producer({"bootstrap.servers": namespace.kafka.bootstrap_servers} | settings) as producer:
        yield PlainClient(namespace, producer)


@pytest.fixture
def client(namespace: Namespace) -> Iterator[PlainClient]:
    with client_of(namespace) as plain:
        yield plain


def refusals(story: Story) -> Mapping[Where, e.ComplaintRejected]:
    """Return what was refused, by the place of what was written."""
    said = story.all(e.ComplaintRejected, TO_WEB)
    return {(FROM_WEB, refused.origin.partition, refused.origin.offset): refused for refused in said}


def refusal_of(story: Story, lies: Where) -> e.ComplaintRejected | None:
    """Return how the record that lies there was refused, once it is."""
    return refusals(story).get(lies)


def answered(story: Story) -> set[str | None]:
    """Return the source ids of what was accepted or refused."""
    accepted = {report.source_id for report in story.all(e.ComplaintAccepted, topics.ACCEPTED)}
    return accepted | {refused.source_id for refused in refusals(story).values()}


def dead_letters(story: Story, service: str) -> list[Record]:
    """Return a service's dead letters."""
    return [record for record in story.records if record.topic == topics.dead_letter_topic(service)]


def place_of(letter: Record) -> Where:
    """Return where a dead letter first lay."""
    told = {name: value.decode() for name, value in letter.headers}
    return told["dlq-topic"], int(told["dlq-partition"]), int(told["dlq-offset"])


def binary(**data: Any) -> tuple[bytes, dict[str, str]]:
    """Return a complaint in binary mode: its data as value, all else in headers."""
    whole = json.loads(line(**data))
    return json.dumps(whole.pop("data")).encode(), {f"ce_{name}": str(value) for name, value in whole.items()}


async def test_one_json_line_of_any_client_is_accepted_and_routed(
    namespace: Namespace, tmp_path: Path, client: PlainClient
) -> None:
    async with running(Fleet(namespace, tmp_path)), story_of(namespace) as story:
        value, headers = binary(source_id="3")

        client.write(FROM_WEB, line(source_id="1"))
        client.write(FROM_WEB, line({"time": None}, source_id="2", colour="blue") + b"\n", key="any key")
        client.write(FROM_WEB, value, headers=headers)
        client.write(FROM_DISHUB, update("acknowledge", ticket_id=ticket_id("web", "3")))

        for source_id in "123":
            ticket = ticket_id("web", source_id)
            accepted = await story.hears(e.ComplaintAccepted, topics.ACCEPTED, ticket)
            await story.hears(e.TicketRouted, topics.agency_topic("dishub"), ticket)
            assert (accepted.channel, accepted.source_id, accepted.body) == ("web", source_id, BODY)
        await story.hears(e.TicketAcknowledged, topics.agency_topic("dishub"), ticket_id("web", "3"))
        await story.audited()


async def test_every_kind_of_garbage_is_refused_by_name_and_what_comes_after_is_accepted(
    namespace: Namespace, tmp_path: Path, client: PlainClient
) -> None:
    async with running(Fleet(namespace, tmp_path)), story_of(namespace) as story:
        lies = {}
        for kind, garbage in SUBMISSIONS.items():
            lies[kind] = client.write(FROM_WEB, garbage.value)
            client.write(FROM_WEB, line(source_id=f"after {kind}"))

        await story.audited()

        said = refusals(story)
        for kind, garbage in SUBMISSIONS.items():
            reasons = said[lies[kind]].reasons
            assert [reason.code for reason in reasons] == [garbage.code], (kind, reasons)
            assert garbage.says_id in reasons[0].message_id, (kind, reasons)
            assert garbage.says_en in reasons[0].message_en, (kind, reasons)
        assert len(said) == len(SUBMISSIONS) >= 20
        accepted = {report.source_id for report in story.all(e.ComplaintAccepted, topics.ACCEPTED)}
        assert accepted == {f"after {kind}" for kind in SUBMISSIONS}


async def test_an_impossible_timestamp_stops_no_service(
    namespace: Namespace, tmp_path: Path, client: PlainClient
) -> None:
    """Apache Kafka stamps what outsiders write itself; the embedded broker believes them."""
    async with running(Fleet(namespace, tmp_path), "intake"), story_of(namespace) as story:
        for number, timestamp in enumerate((1, 10**17, 2**63 - 1)):
            client.write(FROM_WEB, line(source_id=str(number)), timestamp=timestamp)
        client.write(FROM_WEB, line(source_id="after"))

        await story.hears(e.ComplaintAccepted, topics.ACCEPTED, ticket_id("web", "after"))
        await story.until(lambda: len(answered(story)) == 4 or None, "four answers")

        refused = {reason.field for refusal in refusals(story).values() for reason in refusal.reasons}
        assert refused <= {"submitted_at"}


async def test_ten_megabytes_are_refused_by_broker_or_intake(
    namespace: Namespace, tmp_path: Path, client: PlainClient, pytestconfig: pytest.Config
) -> None:
    """The client itself, then Apache Kafka; what gets past both (no limit, or compressed) intake refuses by name."""
    no_limit = {"message.max.bytes": 20_000_000}
    got_past = []
    async with running(Fleet(namespace, tmp_path), "intake"), story_of(namespace) as story:
        with pytest.raises(KafkaException, match="MSG_SIZE_TOO_LARGE"):
            client.write(FROM_WEB, MEGABYTES_10)
        with client_of(namespace, **no_limit) as stubborn:
            if pytestconfig.getoption("--stack") == "embedded":
                got_past.append(stubborn.write(FROM_WEB, MEGABYTES_10))
            else:
                with pytest.raises(KafkaException, match="MSG_SIZE_TOO_LARGE"):
                    stubborn.write(FROM_WEB, MEGABYTES_10)
        with client_of(namespace, **no_limit, **{"compression.type": "gzip"}) as packed:
            got_past.append(packed.write(FROM_WEB, MEGABYTES_10))
        client.write(FROM_WEB, line(source_id="after"))

        await story.hears(e.ComplaintAccepted, topics.ACCEPTED, ticket_id("web", "after"))
        for lies in got_past:
            refused = await story.until(partial(refusal_of, story, lies), "a refusal")
            assert [(reason.code, reason.field) for reason in refused.reasons] == [("too_long", None)]
            assert f"has {len(MEGABYTES_10)} bytes" in refused.reasons[0].message_en


async def test_garbage_among_updates_is_kept_and_refused_to_the_agency_that_sent_it(
    namespace: Namespace, tmp_path: Path, client: PlainClient
) -> None:
    async with running(Fleet(namespace, tmp_path)), story_of(namespace) as story:
        client.write(FROM_WEB, line(source_id="1"))
        lies = {kind: client.write(FROM_DISHUB, value) for kind, (value, _) in UPDATES.items()}
        client.write(FROM_DISHUB, update("acknowledge", ticket_id=ticket_id("web", "1")))

        await story.hears(e.TicketAcknowledged, topics.TICKETS, ticket_id("web", "1"))
        await story.audited(set(lies.values()))

        letters = {place_of(letter): letter for letter in dead_letters(story, "routing")}
        for kind, (value, fault) in UPDATES.items():
            letter = letters[lies[kind]]
            assert letter.value == value
            assert fault in dict(letter.headers)["dlq-error"].decode(), kind
        refused = story.all(e.UpdateRefused, topics.agency_topic("dishub"))
        assert len(refused) == len(UPDATES)
        for kind, (_, fault) in UPDATES.items():
            assert any(fault in one.message_en for one in refused), kind
