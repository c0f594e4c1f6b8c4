"""Waits until all brokers know of a change and every new partition has a leader."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException

from shared.process.settings import KafkaSettings
from tindak.topics.connection import CHANGE_WITHIN_SECONDS, Admin, BrokerRefused, connect, ends
from tindak.topics.plan import Change, Create, RaisePartitions

BROKERS_WITHIN_SECONDS = 30.0
AGREE_WITHIN_SECONDS = 60.0
POLL_SECONDS = 0.1


def await_brokers(client: Admin, count: int) -> None:
    """Return once there are as many brokers, for one that has just started answers before it can hold a copy.

    Raises:
        BrokerRefused: There are fewer after half a minute.
    """

    def missing() -> str | None:
        there = len(client.list_topics(timeout=client.timeout_seconds).brokers)
        return (
            None if there >= count else f"A replication factor of {count} needs as many brokers; there is only {there}."
        )

    _wait(missing, BROKERS_WITHIN_SECONDS)


def await_agreement(
    settings: KafkaSettings, done: Sequence[Change], differences: Callable[[Admin], Sequence[Change]]
) -> None:
    """Return once no broker still asks for what was done, and each new partition's leader answers.

    Args:
        settings: Where some of the brokers are.
        done: The changes.
        differences: What would have to be changed as far as a broker knows.

    Raises:
        BrokerRefused: They do not agree after a minute.
    """
    if not done:
        return
    first = connect(settings)
    for broker in first.list_topics(timeout=first.timeout_seconds).brokers.values():
        alone = settings.model_copy(update={"bootstrap_servers": f"{broker.host}:{broker.port}"})
        _wait(partial(_unknown, connect(alone), done, differences), AGREE_WITHIN_SECONDS)
    _wait(lambda: _leaderless(settings, done), AGREE_WITHIN_SECONDS)


def _unknown(client: Admin, done: Sequence[Change], differences: Callable[[Admin], Sequence[Change]]) -> str | None:
    try:
        still = differences(client)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise
        return "A broker does not know a new topic; look at the brokers' logs."
    late = next((change for change in done if change in still), None)
    return f"A broker does not know of a change ({late}); look at the brokers' logs." if late else None


def _leaderless(settings: KafkaSettings, done: Sequence[Change]) -> str | None:
    # Metadata name leaders seconds before these have made their logs, so the leaders themselves are asked; by a new
    # client each time, for one that once did not find a partition's leader does not look again (librdkafka 2.16).
    grown = [change for change in done if isinstance(change, Create | RaisePartitions)]
    asked = [(change.topic, number) for change in grown for number in range(change.partitions)]
    try:
        ends(settings, asked, CHANGE_WITHIN_SECONDS)
    except KafkaException as error:
        return f"A new partition has no leader ({error.args[0].str()}); look at the brokers' logs."
    return None


def _wait(trouble: Callable[[], str | None], within_seconds: float) -> None:
    give_up_at = time.monotonic() + within_seconds
    while (sentence := trouble()) is not None:
        if time.monotonic() > give_up_at:
            raise BrokerRefused(sentence)
        time.sleep(POLL_SECONDS)  # the brokers tell nobody that they have got there
