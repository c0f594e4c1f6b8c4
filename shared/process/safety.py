"""What the cluster profile refuses: settings that lose events, are overheard, or let one service act as another."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from shared.process.settings import CommonSettings, KafkaSettings, MongoSettings, UnsafeSettings

TRUE = "true"
UNVERIFIED = ("tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames")


def refuse_unsafe(settings: CommonSettings, service: str | None = None, own: Iterable[str] = ()) -> None:
    """Raise UnsafeSettings with everything that only the local profile allows.

    Args:
        settings: The common ones.
        service: Who will use them, and must have credentials of its own; None for a command, which may act for several
            and need no database.
        own: What is unsafe in the service's own settings, a sentence each.
    """
    if settings.profile == "local":
        return
    unsafe = [*_delivery(settings), *_broker(settings.kafka, service)]
    if service is not None or "uri" in settings.mongo.model_fields_set:
        unsafe += _database(settings.mongo, service)
    unsafe += own
    if unsafe:
        raise UnsafeSettings(f"unsafe outside TINDAK_PROFILE=local: {'; '.join(unsafe)}")


def _delivery(settings: CommonSettings) -> Iterator[str]:
    kafka, mongo = settings.kafka, settings.mongo
    for name, given, wanted in (
        ("TINDAK_KAFKA_ACKS", kafka.acks, "all"),
        ("TINDAK_KAFKA_ENABLE_IDEMPOTENCE", kafka.enable_idempotence, True),
        ("TINDAK_MONGO_WRITE_CONCERN", mongo.write_concern, "majority"),
        ("TINDAK_MONGO_JOURNAL", mongo.journal, True),
    ):
        if given != wanted:
            yield f"{name} must be {wanted} (is {given})"
    if kafka.replication_factor < 3:
        yield f"TINDAK_KAFKA_REPLICATION_FACTOR must be at least 3 (is {kafka.replication_factor})"


def _broker(kafka: KafkaSettings, service: str | None) -> Iterator[str]:
    match kafka.security_protocol:
        case "SASL_SSL":
            if service is not None and not _is_own(kafka.sasl_username, service):
                yield f"TINDAK_KAFKA_SASL_USERNAME must be {_own(service)} (is {kafka.sasl_username or 'not set'})"
            if service is not None and kafka.sasl_password is None:
                yield "TINDAK_KAFKA_SASL_PASSWORD must be set"
        case "SSL":
            variable = "TINDAK_KAFKA_SSL_CERTIFICATE_FILE"
            if kafka.ssl_certificate_file is None:
                yield f"{variable} must name a client certificate, or TINDAK_KAFKA_SECURITY_PROTOCOL be SASL_SSL"
            elif service is not None:
                yield from _certificate(variable, kafka.ssl_certificate_file, service)
        case given:
            yield f"TINDAK_KAFKA_SECURITY_PROTOCOL must be SASL_SSL, or SSL with a client certificate (is {given})"


def _database(mongo: MongoSettings, service: str | None) -> Iterator[str]:
    # Not the driver's parser: it would look a `mongodb+srv` name up.
    address = urlsplit(mongo.uri.get_secret_value())
    options = {name.lower(): values[-1] for name, values in parse_qs(address.query).items()}
    uri = "TINDAK_MONGO_URI"
    is_encrypted = options.get("tls", options.get("ssl", TRUE if address.scheme.endswith("+srv") else "")) == TRUE
    if not is_encrypted:
        yield f"{uri} must say tls=true"
    for name in UNVERIFIED:
        if options.get(name) == TRUE:
            yield f"{uri} must not say {name}, since anybody could answer then; name the authority in tlsCAFile"
    if options.get("authmechanism") == "MONGODB-X509":
        if "tlscertificatekeyfile" not in options:
            yield f"{uri} must name a client certificate in tlsCertificateKeyFile"
        elif service is not None:
            yield from _certificate(uri, Path(options["tlscertificatekeyfile"]), service)
    elif not address.username or not address.password:
        yield f"{uri} must hold a user and a password" + (f"; the user must be {_own(service)}" if service else "")
    elif service is not None and not _is_own(user := unquote(address.username), service):
        yield f"{uri} must hold a user that is {_own(service)} (is {user})"


def _own(service: str) -> str:
    return f"{service}'s own, named `{service}` or ending in `-{service}`"


def _is_own(name: str | None, service: str) -> bool:
    return name is not None and (name == service or name.endswith((f"-{service}", f"_{service}", f".{service}")))


def _certificate(variable: str, file: Path, service: str) -> Iterator[str]:
    # Imported here: it takes a tenth of a second, which no command needs.
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        subject = x509.load_pem_x509_certificate(file.read_bytes()).subject
    except (OSError, ValueError) as error:
        yield f"{variable} names a certificate that cannot be read ({file}: {error})"
        return
    names = [str(name.value) for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if not any(_is_own(name, service) for name in names):
        yield f"{variable} must name a certificate whose common name is {_own(service)} (is {', '.join(names)})"
