"""The profile `secure`: a complaint goes through by names and passwords, and what is not one's own is refused."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from shared.topics import SERVICES
from tests.containers.compose import Compose
from tests.servers.containers import why_no_containers

pytestmark = [pytest.mark.journey, pytest.mark.timeout(1200)]

ANSWERED_WITHIN_SECONDS = 120
REFUSED_WITHIN_SECONDS = 20
REPORT = "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara jatuh."


@pytest.fixture(scope="module")
def compose(pytestconfig: pytest.Config) -> Iterator[Compose]:
    """The project, up and healthy."""
    if pytestconfig.getoption("--stack") != "containers":
        pytest.skip("needs --stack containers")
    reason = why_no_containers()
    if reason is not None:
        pytest.skip(reason)
    project = Compose(profile="secure")
    try:
        project.up("--build")
        yield project
    finally:
        project("down", "--volumes")


@pytest.fixture(scope="module")
def outside(compose: Compose, tmp_path_factory: pytest.TempPathFactory) -> "Outside":
    return Outside(compose, tmp_path_factory.mktemp("clients"))


class Outside:
    """Clients on this machine with nothing of ours: librdkafka, and what the administrator handed out."""

    def __init__(self, compose: Compose, folder: Path) -> None:
        self.compose = compose
        self.folder = folder
        self.handed_out: dict[str, dict[str, str]] = {}

    def options(self, principal: str) -> dict[str, str]:
        """Return how a client of that name connects."""
        if principal not in self.handed_out:
            show = ("deployment", "show", "/credentials", principal)
            said = self.compose("run", "--rm", "--no-deps", "-T", "secure-admin", *show)
            self.handed_out[principal] = json.loads(said)
        given = self.handed_out[principal]
        authority = self.folder / "authority.pem"
        authority.write_text(given["authority"])
        return {
            "bootstrap.servers": self.compose.bootstrap_servers,
            "security.protocol": given["security_protocol"],
            "sasl.mechanism": given["sasl_mechanism"],
            "sasl.username": given["username"],
            "sasl.password": given["password"],
            "ssl.ca.location": str(authority),
            "log_level": "0",
        }

    def write(self, principal: str, topic: str, value: bytes, key: str) -> KafkaError | None:
        """Return why the record was not taken, or None if it was."""
        outcome: list[KafkaError | None] = []
        producer = Producer(self.options(principal) | {"message.timeout.ms": "60000"})
        producer.produce(topic, value, key, on_delivery=lambda error, _: outcome.append(error))
        producer.flush(60)
        return outcome[0]

    def first(self, principal: str, topic: str, about: str) -> dict[str, object]:
        """Return the data of the first event on *topic* that holds *about*, read as *principal* in its own group."""
        options = self.options(principal) | {"group.id": principal, "auto.offset.reset": "earliest"}
        consumer = Consumer(options | {"enable.auto.commit": "false"})
        try:
            consumer.subscribe([topic])
            deadline = time.monotonic() + ANSWERED_WITHIN_SECONDS
            while time.monotonic() < deadline:
                record = consumer.poll(1)
                if record is None:
                    continue
                if (error := record.error()) is not None:
                    raise KafkaException(error)
                if about.encode() in (value := record.value() or b""):
                    found: dict[str, object] = json.loads(value)["data"]
                    return found
        finally:
            consumer.close()
        raise AssertionError(f"nothing about {about} on {topic} within {ANSWERED_WITHIN_SECONDS} s")


def complaint(source_id: str) -> bytes:
    now = datetime.now(UTC).isoformat()
    data = {
        "channel": "web", "source_id": source_id, "submitted_at": now, "title": "Jalan berlubang", "body": REPORT,
        "reporter": {"name": "Siti Rahmawati", "email": f"{source_id}@warga.example"},
    }  # fmt: skip
    envelope = {"specversion": "1.0", "id": str(uuid4()), "source": "/channels/web", "time": now, "data": data}
    return json.dumps(envelope | {"type": "tindak.complaint.submitted.v1"}).encode()


def hand_over(outside: Outside, source_id: str) -> str:
    """Hand a complaint over as the channel; return its tracking id, as the channel hears it."""
    assert outside.write("channel-web", "complaints.submitted.web", complaint(source_id), source_id) is None
    return str(outside.first("channel-web", "complaints.answers.web", source_id)["tracking_id"])


def test_a_complaint_goes_through_by_the_names_of_its_channel_and_its_agency(
    outside: Outside, compose: Compose
) -> None:
    tracking_id = hand_over(outside, "aman")

    outside.first("agency-dsdabmbk", "tickets.routed.dsdabmbk", tracking_id)
    deadline = time.monotonic() + ANSWERED_WITHIN_SECONDS
    while tracking_id not in compose("logs", "secure-mail"):  # over STARTTLS
        assert time.monotonic() < deadline


def test_what_is_not_ones_own_can_neither_be_read_nor_written(outside: Outside) -> None:
    written = outside.write("channel-web", "complaints.submitted.android", complaint("palsu"), "palsu")
    assert written is not None
    assert written.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED

    with pytest.raises(KafkaException) as refused:
        outside.first("channel-web", "tickets.routed.dsdabmbk", "aman")
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize(
    "otherwise",
    [{"sasl.password": "wrong"}, {"security.protocol": "PLAINTEXT"}, {"security.protocol": "SASL_PLAINTEXT"}],
)
def test_a_client_without_its_password_or_in_clear_is_not_let_in(outside: Outside, otherwise: dict[str, str]) -> None:
    errors: list[KafkaError] = []
    client = AdminClient({**outside.options("channel-web"), **otherwise, "error_cb": errors.append})

    deadline = time.monotonic() + REFUSED_WITHIN_SECONDS
    while not errors and time.monotonic() < deadline:
        client.poll(0.5)

    in_clear = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}
    assert errors[0].code() in ({KafkaError._AUTHENTICATION} if "sasl.password" in otherwise else in_clear)
    with pytest.raises(KafkaException):
        client.list_topics(timeout=1)


def test_a_service_can_open_neither_the_secrets_nor_the_database_of_another(compose: Compose) -> None:
    for service in SERVICES:
        others = [f"/credentials/{name}/environment" for name in (*SERVICES, "admin") if name != service]
        opened = compose.attempt("exec", "-T", f"secure-{service}", "cat", *others)
        assert opened.returncode != 0
        assert opened.stdout == ""
        assert opened.stderr.count("Permission denied") == len(others)
    read = "import os, pymongo; pymongo.MongoClient(os.environ['TINDAK_MONGO_URI']).tindak_routing.tickets.find_one()"
    as_intake = f'set -a && . /credentials/intake/environment && exec python -c "{read}"'
    refused = compose.attempt("exec", "-T", "secure-intake", "sh", "-c", as_intake)
    assert "not authorized on tindak_routing" in refused.stderr


def test_after_down_and_up_everybody_has_the_same_names_and_passwords(outside: Outside, compose: Compose) -> None:
    compose("down")
    compose.up()

    hand_over(outside, "kembali")
