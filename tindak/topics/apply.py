"""Brings the topics of a broker to what the catalogue says; never deletes one."""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, assert_never

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
    TopicMetadata,
)

from shared.settings import KafkaSettings
from shared.topics import Topic
from tindak.topics.connection import (
    ANSWER_WITHIN_SECONDS,
    CONNECT_WITHIN_SECONDS,
    BrokerRefused,
    connect,
    refusal,
)
from tindak.topics.plan import Change, Configure, Create, Leave, RaisePartitions, Standing, changes

BROKERS_WITHIN_SECONDS = 30.0
LEADERS_WITHIN_SECONDS = 60.0
POLL_SECONDS = 0.1


def apply(settings: KafkaSettings, wanted: Iterable[Topic], *, dry_run: bool = False) -> list[Change]:
    """Create what is missing, raise partitions, change what is configured otherwise; return what differed.

    Returns once every new partition has a leader that answers, so that clients may start at once. Safe to repeat.

    Args:
        settings: Where the broker is, the prefix before every topic's name, and the replication factor of all.
        wanted: The topics that should be.
        dry_run: Whether to change nothing and only return what differs.

    Raises:
        BrokerRefused: The broker cannot be reached, refused a change, or a partition has no leader after a minute.
    """
    topics = [replace(topic, name=settings.topic_prefix + topic.name) for topic in wanted]
    client = connect(settings)
    try:
        found = changes(_standing(client, topics), topics, settings.replication_factor)
        if not dry_run:
            _create(client, [change for change in found if isinstance(change, Create)])
            found = [_alter(client, change) for change in found]
            grown = {
                change.topic: change.partitions for change in found if isinstance(change, Create | RaisePartitions)
            }
            _await_leaders(settings, grown)
    except KafkaException as error:
        raise refusal(error) from error
    return found


def _standing(client: AdminClient, topics: Sequence[Topic]) -> dict[str, Standing]:
    all_there = client.list_topics(timeout=CONNECT_WITHIN_SECONDS).topics
    there = {topic.name: all_there[topic.name] for topic in topics if topic.name in all_there}
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in there]
    configs = client.describe_configs(asked) if asked else {}
    return {
        resource.name: _topic_standing(there[resource.name], entries.result(ANSWER_WITHIN_SECONDS))
        for resource, entries in configs.items()
    }


def _topic_standing(topic: TopicMetadata, entries: Mapping[str, ConfigEntry]) -> Standing:
    copies = min((len(partition.replicas) for partition in topic.partitions.values()), default=0)
    return Standing(len(topic.partitions), copies, {name: entry.value or "" for name, entry in entries.items()})


def _await_brokers(client: AdminClient, count: int) -> None:
    # A broker that has just started answers before it counts as one that can hold a copy.
    give_up_at = time.monotonic() + BROKERS_WITHIN_SECONDS
    while (there := len(client.list_topics(timeout=CONNECT_WITHIN_SECONDS).brokers)) < count:
        if time.monotonic() > give_up_at:
            raise BrokerRefused(f"A replication factor of {count} needs as many brokers, and there is only {there}.")
        time.sleep(POLL_SECONDS)


def _create(client: AdminClient, missing: Sequence[Create]) -> None:
    # In one request: sixty topics take a tenth of a second then, and six seconds one by one.
    new = [NewTopic(topic.topic, topic.partitions, topic.copies, config=dict(topic.config)) for topic in missing]
    if new:
        _await_brokers(client, missing[0].copies)
        # Another `apply` at the same time may have been faster.
        settle(client.create_topics(new), unless=KafkaError.TOPIC_ALREADY_EXISTS)


def _alter(client: AdminClient, change: Change) -> Change:
    match change:
        case RaisePartitions(topic, was, partitions):
            try:
                settle(client.create_partitions([NewPartitions(topic, partitions)]))
            except KafkaException as error:
                if error.args[0].code() != KafkaError._UNSUPPORTED_FEATURE:
                    raise
                return Leave(topic, f"it has {was} partitions, and this broker cannot raise them to {partitions}")
        case Configure(topic, entry, _, value):
            wanted = ConfigEntry(entry, value, incremental_operation=AlterConfigOpType.SET)
            resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[wanted])
            settle(client.incremental_alter_configs([resource]))
        case Create() | Leave():
            pass
        case _:
            assert_never(change)
    return change


def settle(futures: Mapping[Any, Future[Any]], unless: int | None = None) -> None:
    """Return once the broker has done all of it; raise KafkaException unless it did, or refused with code *unless*."""
    for future in futures.values():
        try:
            future.result(ANSWER_WITHIN_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != unless:
                raise


def _await_leaders(settings: KafkaSettings, partitions: Mapping[str, int]) -> None:
    # The brokers' metadata name leaders seconds before these have made their logs, so the leaders themselves are asked.
    waiting = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
    give_up_at = time.monotonic() + LEADERS_WITHIN_SECONDS
    while waiting := _unanswered(settings, waiting):
        if time.monotonic() > give_up_at:
            raise BrokerRefused(f"{waiting[0].topic} has a partition without a leader; look at the brokers' logs.")
        time.sleep(POLL_SECONDS)


def _unanswered(settings: KafkaSettings, places: Sequence[TopicPartition]) -> list[TopicPartition]:
    latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # librdkafka's class method has no types
    # A new client each time: one that once did not find a partition's leader does not look again (librdkafka 2.16).
    client = connect(settings)
    answers = (
        client.list_offsets(dict.fromkeys(places, latest), request_timeout=ANSWER_WITHIN_SECONDS) if places else {}
    )
    return [place for place, answer in answers.items() if answer.exception(2 * ANSWER_WITHIN_SECONDS) is not None]
