"""Servers prove who they are by certificates of the deployment's own authority, and each is renewed in time."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tindak.deployment.certificates import CERTIFICATE, KEY, RENEWED_BEFORE, VALID_FOR, Authority

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC).replace(microsecond=0)  # TLS itself knows no other time
HOSTS = ("localhost", "127.0.0.1")


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def shaken_hands(authority: Path, server: Path, name: str) -> None:
    """Return once a client that trusts *authority* has found *server* to be *name*; raise SSLError otherwise."""
    accepting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    accepting.load_cert_chain(server)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cafile=str(authority))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does by itself
    here = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    there = accepting.wrap_bio(to_server, to_client, server_side=True)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["kafka-1", "localhost", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_knows_the_server_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    Authority.kept(tmp_path, NOW).issue(tmp_path / "server.pem", "kafka-1", HOSTS, NOW)

    shaken_hands(tmp_path / CERTIFICATE, tmp_path / "server.pem", name)


def test_a_server_of_another_name_or_another_authority_is_not_trusted(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Authority.kept(other, NOW)
    Authority.kept(tmp_path, NOW).issue(tmp_path / "server.pem", "kafka-1", HOSTS, NOW)

    for authority, name in ((tmp_path, "kafka-2"), (other, "kafka-1")):
        with pytest.raises(ssl.SSLCertVerificationError):
            shaken_hands(authority / CERTIFICATE, tmp_path / "server.pem", name)


def test_what_is_kept_stays(tmp_path: Path) -> None:
    Authority.kept(tmp_path, NOW).issue(tmp_path / "server.pem", "kafka-1", HOSTS, NOW)
    before = [(tmp_path / name).read_bytes() for name in (CERTIFICATE, KEY, "server.pem")]

    assert not Authority.kept(tmp_path, NOW).issue(tmp_path / "server.pem", "kafka-1", HOSTS, NOW)
    assert [(tmp_path / name).read_bytes() for name in (CERTIFICATE, KEY, "server.pem")] == before


@pytest.mark.parametrize(("after", "is_renewed"), [
    (VALID_FOR - RENEWED_BEFORE - timedelta(seconds=1), False), (VALID_FOR - RENEWED_BEFORE, True),
])  # fmt: skip
def test_a_certificate_is_renewed_two_months_before_its_end(tmp_path: Path, after: timedelta, is_renewed: bool) -> None:
    path, authority = tmp_path / "server.pem", Authority.kept(tmp_path, NOW)
    authority.issue(path, "kafka-1", HOSTS, NOW)

    assert authority.issue(path, "kafka-1", HOSTS, NOW + after) is is_renewed
    assert (certificate(path).not_valid_after_utc > NOW + VALID_FOR) is is_renewed


def test_a_certificate_for_other_hosts_or_by_a_lost_authority_is_renewed(tmp_path: Path) -> None:
    path, authority = tmp_path / "server.pem", Authority.kept(tmp_path, NOW)
    authority.issue(path, "kafka-1", HOSTS, NOW)

    assert authority.issue(path, "kafka-1", (*HOSTS, "kafka.tangsel.example"), NOW)
    (tmp_path / KEY).unlink()
    assert Authority.kept(tmp_path, NOW).issue(path, "kafka-1", (*HOSTS, "kafka.tangsel.example"), NOW)


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    Authority.kept(tmp_path, NOW).issue(tmp_path / "server.pem", "kafka-1", HOSTS, NOW)

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in (KEY, "server.pem")] == [0o600, 0o600]
