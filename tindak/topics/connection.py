"""The admin client for topics and access rules, made from the settings that services use."""

import contextlib
from collections.abc import Iterable

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.process.settings import KafkaSettings
from tindak.console import Failure

CHANGE_WITHIN_SECONDS = 30.0  # making sixty topics takes a broker long, and it says nothing meanwhile


class BrokerRefused(Failure):
    """The broker did not do what was asked, in one sentence."""


class Admin(AdminClient):
    """A client that connects when it is used and keeps silent; its calls say what went wrong.

    Attributes:
        timeout_seconds: How long a question may stay unanswered.
    """

    timeout_seconds: float


def connect(settings: KafkaSettings) -> Admin:
    """Return a client of the broker that the settings name."""
    client = Admin(_options(settings))
    client.timeout_seconds = settings.request_timeout_ms / 1000
    return client


def ends(
    settings: KafkaSettings, places: Iterable[tuple[str, int]], within_seconds: float
) -> dict[tuple[str, int], int]:
    """Return where partitions end, as their leaders say; asked by a client of its own, which joins no group.

    ``list_offsets`` of the admin client is not used: it goes on with a request that its own thread may have answered
    and freed by then, and takes the whole process with it (librdkafka 2.16).

    Raises:
        KafkaException: A partition has no leader that answers in time.
    """
    asked = [TopicPartition(topic, partition, OFFSET_END) for topic, partition in places]
    if not asked:  # which librdkafka refuses
        return {}
    with contextlib.closing(Consumer(_options(settings) | {"group.id": "nobody"})) as client:
        told = client.offsets_for_times(asked, within_seconds)
    if error := next((place.error for place in told if place.error is not None), None):
        raise KafkaException(error)
    return {(place.topic, place.partition): place.offset for place in told}


def _options(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    given = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "sasl.mechanism": settings.sasl_mechanism if settings.security_protocol.startswith("SASL") else None,
        "sasl.username": settings.sasl_username,
        "sasl.password": settings.sasl_password.get_secret_value() if settings.sasl_password else None,
        "ssl.ca.location": settings.ssl_ca_file,
        "ssl.certificate.location": settings.ssl_certificate_file,
        "ssl.key.location": settings.ssl_key_file,
        "log_level": 0,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def refusal(error: KafkaException | TimeoutError) -> BrokerRefused:
    """Return in one sentence what went wrong at the broker."""
    if isinstance(error, TimeoutError):
        return BrokerRefused("No broker answers in time; is TINDAK_KAFKA_BOOTSTRAP_SERVERS right?")
    cause = error.args[0]
    if cause.code() in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN):
        return BrokerRefused(f"No broker answers ({cause.str()}); is TINDAK_KAFKA_BOOTSTRAP_SERVERS right?")
    return BrokerRefused(f"The broker refused: {cause.str()}.")
