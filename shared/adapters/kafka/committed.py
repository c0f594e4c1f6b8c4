"""How far a consumer group has committed, for who reads beside it."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.security import parse_security

from shared.adapters.kafka.client import with_safe_client
from shared.adapters.kafka.producer import METADATA_AGE_MAX_MS, closed, outage, security
from shared.delivery.documents.document import Partition
from shared.process.settings import KafkaSettings


async def group_reader(settings: KafkaSettings, service: str, topics: Sequence[str]) -> AIOKafkaConsumer:
    """Return a started consumer that knows these topics (without prefix) and asks as the group of *service*.

    It joins nothing and reads nothing; whoever gets it closes it.

    Raises:
        KafkaError: The broker is out of reach.
    """
    reader = with_safe_client(
        AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            client_id="tindak-group-reader",
            group_id=settings.topic_prefix + service,
            enable_auto_commit=False,
            request_timeout_ms=settings.request_timeout_ms,
            metadata_max_age_ms=METADATA_AGE_MAX_MS,
            **parse_security(security(settings)),
        )
    )
    try:
        await reader.start()
        # A consumer that subscribes to nothing (aiokafka 0.14) asks for no topic's partitions by itself.
        await reader._client.set_topics([settings.topic_prefix + topic for topic in topics])
    except BaseException:
        await closed(reader.stop)
        raise
    return reader


async def committed_by(settings: KafkaSettings, service: str, topics: Sequence[str]) -> dict[Partition, int]:
    """Return, by partition without prefix, how far *service* has committed *topics*; joins nothing.

    Raises:
        TransientError: The broker is out of reach.
    """
    found: dict[Partition, int] = {}
    reader = None
    try:
        reader = await group_reader(settings, service, topics)
        names = {settings.topic_prefix + topic: topic for topic in topics}
        places = [TopicPartition(name, each) for name in names for each in reader.partitions_for_topic(name) or ()]
        reader.assign(places)
        for place in places:
            found[names[place.topic], place.partition] = await reader.committed(place) or 0
    except KafkaError as error:
        raise outage(error) from error
    finally:
        if reader is not None:
            await closed(reader.stop)
    return found
