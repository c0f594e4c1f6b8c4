"""Cuts what outsiders wrote out of their topics once it has been handled and is old enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import IncompatibleBrokerVersion, KafkaConnectionError, KafkaError
from faststream.kafka.security import parse_security

from shared import topics
from shared.adapters.kafka.committed import committed_by
from shared.adapters.kafka.producer import closed, security
from shared.delivery.documents.document import Partition
from shared.process.settings import KafkaSettings
from tindak.console import Failure

READ_BY = {topics.SUBMITTED: "intake", topics.UPDATES: "routing"}


@dataclass(frozen=True, slots=True)
class Cut:
    """What is cut of one partition: its records before *offset*."""

    topic: str
    partition: int
    begins: int
    offset: int

    @property
    def records(self) -> int:
        """Return how many there are; where a writer aborted transactions, some of them are none."""
        return self.offset - self.begins


async def cuts(kafka: KafkaSettings, names: Sequence[str], before: datetime) -> list[Cut]:
    """Return what can be cut of the topics of outsiders among *names*: what came before then and is handled.

    Nothing is cut beyond what the service that reads the topic has committed.

    Raises:
        Failure: The broker cannot be asked.
        TransientError: It cannot be asked how far the services are.
    """
    found: list[Cut] = []
    for family, service in READ_BY.items():
        members = [name for name in names if topics.family_of(name) == family]
        committed = await committed_by(kafka, service, members)
        found += await _old(kafka, committed, before)
    return found


async def _old(kafka: KafkaSettings, committed: Mapping[Partition, int], before: datetime) -> list[Cut]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        request_timeout_ms=kafka.request_timeout_ms,
        **parse_security(security(kafka)),
    )
    places = {TopicPartition(kafka.topic_prefix + topic, part): (topic, part) for topic, part in committed}
    try:
        await consumer.start()
        begins = await consumer.beginning_offsets(list(places))
        ends = await consumer.end_offsets(list(places))
        first_kept = await consumer.offsets_for_times(dict.fromkeys(places, int(before.timestamp() * 1000)))
    except KafkaError as error:
        raise _refused(kafka, error) from error
    finally:
        await closed(consumer.stop)
    found = []
    for place, (topic, part) in places.items():
        kept = first_kept.get(place)
        # Where nothing is so young, the embedded broker (tansu 0.6) names the beginning, without a time.
        is_all_old = kept is None or kept.timestamp < 0
        offset = min(committed[topic, part], ends[place] if is_all_old else kept.offset)
        if offset > begins[place]:
            found.append(Cut(topic, part, begins[place], offset))
    return found


async def cut(kafka: KafkaSettings, wanted: Sequence[Cut]) -> bool:
    """Let the broker delete the records; return False if it is one that cannot.

    Raises:
        Failure: The broker cannot be reached, or refuses.
    """
    admin = _admin(kafka)
    try:
        await admin.start()
        await admin.delete_records(
            {
                TopicPartition(kafka.topic_prefix + one.topic, one.partition): RecordsToDelete(before_offset=one.offset)
                for one in wanted
            }
        )
    except IncompatibleBrokerVersion:
        return False
    except KafkaConnectionError as error:
        # The embedded broker (tansu 0.6) says that it knows the request, and hangs up on it.
        if await _answers(kafka):
            return False
        raise _refused(kafka, error) from error
    except KafkaError as error:
        raise _refused(kafka, error) from error
    finally:
        await closed(admin.close)
    return True


async def _answers(kafka: KafkaSettings) -> bool:
    admin = _admin(kafka)
    try:
        await admin.start()
    except KafkaError:
        return False
    finally:
        await closed(admin.close)
    return True


def _admin(kafka: KafkaSettings) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(
        bootstrap_servers=kafka.bootstrap_servers,
        request_timeout_ms=kafka.request_timeout_ms,
        **parse_security(security(kafka)),
    )


def _refused(kafka: KafkaSettings, error: KafkaError) -> Failure:
    return Failure(f"Kafka at {kafka.bootstrap_servers} refuses: {type(error).__name__}: {str(error)[:200]}")
