"""The topics of a city, as its registries of agencies and channels and topics.yaml say, with their partitions."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt

from shared import topics
from shared.events.base import Short
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import load_agencies
from shared.policy.channels import FILE as CHANNELS_FILE
from shared.policy.channels import Partitions, load_channels
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown
from shared.policy.retention import load_retention
from shared.topics import Topic, catalogue

FILE = "topics.yaml"
NAMES = (
    *(topic.name for topic in topics.COMMON),
    *(topic.name for service in topics.SERVICES for topic in topics.of_service(service)),
    topics.ROUTED,
)
"""What may be named: our own topics, and all of the agencies' tickets at once."""

ELSEWHERE = {
    topics.SUBMITTED: CHANNELS_FILE,
    topics.ANSWERS: CHANNELS_FILE,
    topics.STATUS: CHANNELS_FILE,
    topics.UPDATES: f"{AGENCIES_FILE} and {CHANNELS_FILE}",
}


class TopicEntry(PolicyModel):
    """One topic that has more partitions than others, or fewer."""

    topic: Short
    partitions: Partitions


class TopicFile(PolicyModel):
    """The shape of topics.yaml; ``partitions`` holds for each topic through which something goes of every ticket."""

    version: PositiveInt
    partitions: Partitions = topics.PARTITIONS
    topics: tuple[TopicEntry, ...] = ()


def load_partitions(policy_dir: Path) -> dict[str, int]:
    """Return, by topic, how many partitions topics.yaml asks for; nothing if there is no such file.

    Raises:
        PolicyInvalid: With every fault of the file: a topic given twice, or one that is none of ours.
    """
    if not (policy_dir / FILE).exists():
        return {}
    held, source = load_sourced(policy_dir / FILE, TopicFile)
    if faults := [*_repeats(held, source), *_strangers(held, source)]:
        raise PolicyInvalid(faults)
    by_default = dict.fromkeys(topics.OF_EVERY_TICKET, held.partitions)
    return by_default | {entry.topic: entry.partitions for entry in held.topics}


def load_topics(policy_dir: Path) -> tuple[Topic, ...]:
    """Return every topic of the city.

    Raises:
        PolicyInvalid: With every fault of the first file that has any.
    """
    agencies, channels = load_agencies(policy_dir), load_channels(policy_dir)
    kept, partitions = load_retention(policy_dir).dead_letters.days, load_partitions(policy_dir)
    return catalogue(agencies.partitions, channels.partitions, kept, partitions, channels.webhooks)


def _repeats(held: TopicFile, source: Source) -> Iterator[PolicyFault]:
    yield from source.given_twice(
        (f"the topic `{entry.topic}`", ("topics", index, "topic")) for index, entry in enumerate(held.topics)
    )


def _strangers(held: TopicFile, source: Source) -> Iterator[PolicyFault]:
    for index, entry in enumerate(held.topics):
        if entry.topic in NAMES:
            continue
        stands_in = ELSEWHERE.get(topics.family_of(entry.topic)) or ELSEWHERE.get(entry.topic)
        sentence = unknown("topic", entry.topic, NAMES, "the catalogue")
        if stands_in:
            sentence = f"the partitions of `{entry.topic}` stand in {stands_in}"
        elif topics.family_of(entry.topic) == topics.ROUTED:
            sentence = f"`{topics.ROUTED}` stands for the topics of all agencies; `{entry.topic}` alone cannot be named"
        yield source.fault(("topics", index, "topic"), sentence)
