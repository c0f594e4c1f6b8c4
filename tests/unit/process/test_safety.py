"""The cluster profile starts nothing that loses events, is overheard, or lets one service act as another."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.process.safety import refuse_unsafe
from shared.process.settings import CommonSettings, KafkaSettings, MongoSettings, UnsafeSettings

pytestmark = pytest.mark.unit

SCRAM: dict[str, Any] = {"security_protocol": "SASL_SSL", "sasl_username": "routing", "sasl_password": "s"}
OPTIONS = "replicaSet=rs0&tls=true"
URI = f"mongodb://routing:s3cret@db-1:27017,db-2:27017/?{OPTIONS}"


def unsafe(
    service: str | None = "routing", *, kafka: dict[str, Any] | None = None, uri: str | None = URI, **other: Any
) -> list[str]:
    """Return what is refused, a sentence each; nothing if the settings may be used."""
    mongo = MongoSettings() if uri is None else MongoSettings.model_validate({"uri": uri})
    settings = CommonSettings.model_validate(
        {"kafka": KafkaSettings.model_validate(SCRAM if kafka is None else kafka), "mongo": mongo} | other
    )
    try:
        refuse_unsafe(settings, service)
    except UnsafeSettings as error:
        return str(error).removeprefix("unsafe outside TINDAK_PROFILE=local: ").split("; ")
    return []


def certificate(folder: Path, name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + timedelta(days=1))
    path = folder / f"{name}.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return str(path)


def test_a_service_with_its_own_encrypted_credentials_starts() -> None:
    assert unsafe() == []


def test_everything_unsafe_is_said_at_once_by_the_name_of_its_variable() -> None:
    settings = CommonSettings.model_validate({
        "kafka": KafkaSettings.model_validate({"acks": "1", "enable_idempotence": False, "replication_factor": 2}),
        "mongo": MongoSettings.model_validate({"write_concern": "1", "journal": False}),
    })  # fmt: skip

    with pytest.raises(UnsafeSettings) as refused:
        refuse_unsafe(settings, "sla", ["TINDAK_SLA_OWN must be otherwise"])

    assert set(re.findall(r"TINDAK_\w+(?= must)", str(refused.value))) == {
        "TINDAK_KAFKA_ACKS", "TINDAK_KAFKA_ENABLE_IDEMPOTENCE", "TINDAK_KAFKA_REPLICATION_FACTOR",
        "TINDAK_KAFKA_SECURITY_PROTOCOL", "TINDAK_MONGO_WRITE_CONCERN", "TINDAK_MONGO_JOURNAL", "TINDAK_MONGO_URI",
        "TINDAK_SLA_OWN",
    }  # fmt: skip


def test_the_local_profile_refuses_nothing() -> None:
    assert unsafe(kafka={"acks": "0"}, uri=None, profile="local") == []


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_kafka_in_clear_is_refused(protocol: str) -> None:
    (refused,) = unsafe(kafka=SCRAM | {"security_protocol": protocol})

    assert refused.startswith("TINDAK_KAFKA_SECURITY_PROTOCOL must be SASL_SSL, or SSL with a client certificate")


def test_kafka_by_tls_alone_is_refused_without_a_client_certificate() -> None:
    (refused,) = unsafe(kafka={"security_protocol": "SSL"})

    assert refused.startswith("TINDAK_KAFKA_SSL_CERTIFICATE_FILE must name a client certificate")


@pytest.mark.parametrize("username", ["tindak", "intake", "rerouting", None])
def test_a_kafka_user_that_is_not_the_services_own_is_refused(username: str | None) -> None:
    (refused,) = unsafe(kafka=SCRAM | {"sasl_username": username})

    assert refused.startswith("TINDAK_KAFKA_SASL_USERNAME must be routing's own")


@pytest.mark.parametrize("username", ["routing", "tindak-routing", "city_routing", "a.b.routing"])
def test_a_user_that_is_named_after_its_service_is_its_own(username: str) -> None:
    assert unsafe(kafka=SCRAM | {"sasl_username": username}, uri=URI.replace("routing:", f"{username}:")) == []


def test_a_kafka_user_without_a_password_is_refused() -> None:
    assert unsafe(kafka=SCRAM | {"sasl_password": None}) == ["TINDAK_KAFKA_SASL_PASSWORD must be set"]


def test_a_client_certificate_must_be_the_services_own(tmp_path: Path) -> None:
    own, other = certificate(tmp_path, "routing"), certificate(tmp_path, "intake")

    assert unsafe(kafka={"security_protocol": "SSL", "ssl_certificate_file": own}) == []
    (refused,) = unsafe(kafka={"security_protocol": "SSL", "ssl_certificate_file": other})
    assert refused.endswith("named `routing` or ending in `-routing` (is intake)")


def test_a_client_certificate_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("none")
    for file in ("nowhere.pem", "broken.pem"):
        (refused,) = unsafe(kafka={"security_protocol": "SSL", "ssl_certificate_file": tmp_path / file})
        assert refused.startswith("TINDAK_KAFKA_SSL_CERTIFICATE_FILE names a certificate that cannot be read")


@pytest.mark.parametrize(
    ("uri", "refused"),
    [
        ("mongodb://routing:s3cret@db/?replicaSet=rs0", ["must say tls=true"]),
        ("mongodb://routing:s3cret@db/?tls=false", ["must say tls=true"]),
        ("mongodb+srv://routing:s3cret@db.example/?tls=false", ["must say tls=true"]),
        ("mongodb+srv://routing:s3cret@db.example/", []),
        ("mongodb://routing:s3cret@db/?ssl=true", []),
        ("mongodb://db/?tls=true", ["must hold a user and a password"]),
        ("mongodb://routing@db/?tls=true", ["must hold a user and a password"]),
        ("mongodb://tindak:s3cret@db/?tls=true", ["must hold a user that is routing's own"]),
        ("mongodb://tindak%2Drouting:s3cret@db/?tls=true", []),
        (f"{URI}&tlsAllowInvalidCertificates=true", ["must not say tlsallowinvalidcertificates"]),
        (f"{URI}&tlsInsecure=true", ["must not say tlsinsecure"]),
        ("mongodb://db/?tls=true&authMechanism=MONGODB-X509", ["must name a client certificate"]),
        (None, ["must say tls=true", "must hold a user and a password"]),
    ],
)
def test_a_database_in_clear_or_without_a_user_of_its_own_is_refused(uri: str | None, refused: list[str]) -> None:
    said = [sentence for sentence in unsafe(uri=uri) if sentence.startswith("TINDAK_MONGO_URI ")]

    assert len(said) == len(refused)
    assert all(sentence.startswith(f"TINDAK_MONGO_URI {why}") for sentence, why in zip(said, refused, strict=True))
    assert "s3cret" not in "".join(said)


def test_a_database_certificate_must_be_the_services_own(tmp_path: Path) -> None:
    uri = "mongodb://db/?tls=true&authMechanism=MONGODB-X509&tlsCertificateKeyFile="

    assert unsafe(uri=uri + certificate(tmp_path, "routing")) == []
    (refused,) = unsafe(uri=uri + certificate(tmp_path, "notify"))
    assert refused.endswith("(is notify)")


def test_a_command_may_act_for_anybody_and_needs_no_database() -> None:
    assert unsafe(None, kafka=SCRAM | {"sasl_username": "ops"}, uri=None) == []


def test_a_database_that_a_command_names_must_be_safe() -> None:
    assert unsafe(None, uri="mongodb://db/") == [
        "TINDAK_MONGO_URI must say tls=true", "TINDAK_MONGO_URI must hold a user and a password",
    ]  # fmt: skip
