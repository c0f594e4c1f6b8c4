"""An authority of the deployment's own, and the certificates that it signs."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as Key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tindak.stack.files import write_for_owner

AUTHORITY = "Tindak deployment authority"
AUTHORITY_VALID_FOR = timedelta(days=3650)
VALID_FOR = timedelta(days=397)  # as long as browsers trust any
RENEWED_BEFORE = timedelta(days=60)
CERTIFICATE, KEY = "authority.pem", "authority.key"


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom every client and server of the deployment trusts."""

    certificate: x509.Certificate
    key: Key

    @classmethod
    def kept(cls, folder: Path, now: datetime) -> Self:
        """Return the authority whose certificate and key are kept in *folder*; a new one, kept from now on, if none is.

        Raises:
            ValueError: What is kept there is no certificate with its key.
        """
        certificate, key = folder / CERTIFICATE, folder / KEY
        if not (certificate.exists() and key.exists()):
            made = cls._made(now)
            write_for_owner(key, _pem(made.key))
            unfinished = folder / f"{CERTIFICATE}.new"
            unfinished.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
            unfinished.rename(certificate)
        found = serialization.load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(found, Key):
            raise ValueError(f"{key} holds no key of an elliptic curve")
        return cls(x509.load_pem_x509_certificate(certificate.read_bytes()), found)

    @classmethod
    def _made(cls, now: datetime) -> Self:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_named(AUTHORITY), _named(AUTHORITY), key, now, AUTHORITY_VALID_FOR)
        signs = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(builder.add_extension(signs, critical=True).sign(key, hashes.SHA256()), key)

    def issue(self, path: Path, name: str, hosts: Sequence[str], now: datetime) -> bool:
        """Keep at *path*, in PEM, a certificate and key for *name* and *hosts*; return whether new ones were needed.

        One that holds for two more months, for the same hosts and by the same authority, stays.
        """
        wanted = _addresses((name, *hosts))
        if path.exists() and self._holds(x509.load_pem_x509_certificate(path.read_bytes()), wanted, now):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate.subject
        signed = (
            _builder(_named(name), issuer, key, now, VALID_FOR)
            .add_extension(wanted, critical=False)
            # RFC 5280, 4.2.1.1: Python 3.13 refuses a certificate that does not name its issuer's key.
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            # A broker is another broker's client, too.
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        write_for_owner(path, _pem(key) + signed.public_bytes(serialization.Encoding.PEM).decode())
        return True

    def _holds(self, given: x509.Certificate, wanted: x509.SubjectAlternativeName, now: datetime) -> bool:
        try:
            given.verify_directly_issued_by(self.certificate)
        except (ValueError, InvalidSignature):
            return False
        hosts = given.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return hosts == wanted and given.not_valid_after_utc > now + RENEWED_BEFORE


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, valid_for: timedelta
) -> x509.CertificateBuilder:
    begins_at = now - timedelta(minutes=5)  # clocks differ
    serial = x509.random_serial_number()
    return x509.CertificateBuilder(issuer, subject, key.public_key(), serial, begins_at, now + valid_for)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _addresses(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_address(host) for host in dict.fromkeys(hosts)])


def _address(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: Key) -> str:
    private, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    return key.private_bytes(encoding, private, serialization.NoEncryption()).decode()
