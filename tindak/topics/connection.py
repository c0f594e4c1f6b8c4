"""The client with which topics and access rules are administered, made from the settings that services use."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from shared.process.settings import KafkaSettings
from tindak.console import Failure

CONNECT_WITHIN_SECONDS = 10.0
ANSWER_WITHIN_SECONDS = 30.0


class BrokerRefused(Failure):
    """The broker did not do what was asked, in one sentence."""


def connect(settings: KafkaSettings) -> AdminClient:
    """Return a client that connects when it is used and keeps silent; its calls say what went wrong."""
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
    return AdminClient({name: str(value) for name, value in given.items() if value is not None})


def refusal(error: KafkaException) -> BrokerRefused:
    """Return in one sentence what went wrong at the broker."""
    cause = error.args[0]
    if cause.code() in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN):
        return BrokerRefused(f"No broker answers ({cause.str()}); is TINDAK_KAFKA_BOOTSTRAP_SERVERS right?")
    return BrokerRefused(f"The broker refused: {cause.str()}.")
