"""Creates and changes the topics of a broker as the catalogue says; deletes none."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, assert_never

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
    TopicMetadata,
)

from shared.process.settings import KafkaSettings
from shared.topics import Topic
from tindak.topics.connection import CHANGE_WITHIN_SECONDS, Admin, connect, refusal
from tindak.topics.plan import Change, Configure, Create, Leave, RaisePartitions, Standing, changes
from tindak.topics.waiting import await_agreement, await_brokers


def apply(settings: KafkaSettings, wanted: Iterable[Topic], *, dry_run: bool = False) -> list[Change]:
    """Create what is missing, raise partitions, change what is configured otherwise; return what differed.

    Returns once every broker knows of it and every new partition has a leader that answers, so that clients may start
    at once. Safe to repeat.

    Args:
        settings: Where the broker is, the prefix before every topic's name, the replication factor of all, and within
            how many hours compacted ones are.
        wanted: The topics that should be.
        dry_run: Whether to change nothing and only return what differs.

    Raises:
        BrokerRefused: The broker cannot be reached, refused a change, or they do not agree within a minute.
    """
    hours = settings.compacted_within_hours
    topics = [replace(topic, name=settings.topic_prefix + topic.name, compacted_within_hours=hours) for topic in wanted]

    def differences(client: Admin) -> list[Change]:
        return changes(_standing(client, topics), topics, settings.replication_factor)

    client = connect(settings)
    try:
        found = differences(client)
        if not dry_run:
            _create(client, [change for change in found if isinstance(change, Create)])
            found = [_alter(client, change) for change in found]
            await_agreement(settings, [change for change in found if not isinstance(change, Leave)], differences)
    except (KafkaException, TimeoutError) as error:
        raise refusal(error) from error
    return found


def _standing(client: Admin, topics: Sequence[Topic]) -> dict[str, Standing]:
    all_there = client.list_topics(timeout=client.timeout_seconds).topics
    there = {topic.name: all_there[topic.name] for topic in topics if topic.name in all_there}
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in there]
    configs = client.describe_configs(asked) if asked else {}
    return {
        resource.name: _topic_standing(there[resource.name], entries.result(client.timeout_seconds))
        for resource, entries in configs.items()
    }


def _topic_standing(topic: TopicMetadata, entries: Mapping[str, ConfigEntry]) -> Standing:
    copies = min((len(partition.replicas) for partition in topic.partitions.values()), default=0)
    return Standing(len(topic.partitions), copies, {name: entry.value or "" for name, entry in entries.items()})


def _create(client: Admin, missing: Sequence[Create]) -> None:
    # In one request: sixty topics take a tenth of a second then, and six seconds one by one.
    new = [NewTopic(topic.topic, topic.partitions, topic.copies, config=dict(topic.config)) for topic in missing]
    if new:
        await_brokers(client, missing[0].copies)
        # Another `apply` at the same time may have been faster.
        settle(client.create_topics(new), unless=KafkaError.TOPIC_ALREADY_EXISTS)


def _alter(client: Admin, change: Change) -> Change:
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
            future.result(CHANGE_WITHIN_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != unless:
                raise
