"""Certificates for a broker on the loopback and for its clients, all of one authority that lives as long as a test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ORGANIZATION, COUNTRY = "Kota Tangerang Selatan", "ID"
FORMAT = f"User:CN={{name}},O={ORGANIZATION},C={COUNTRY}"
"""How the broker calls who shows such a certificate: RFC 2253 begins with what the certificate names last."""


@dataclass(frozen=True)
class Authority:
    """Signs what it is asked to; its files lie in *folder*."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        own = self._builder("authority", self.key).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.file.write_bytes(own.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self.folder / "authority.pem"

    def issue(self, name: str) -> Path:
        """Return a file with the key and the certificate of *name*, good for a server on 127.0.0.1 and for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        signed = self._builder(name, key).add_extension(here, critical=False).sign(self.key, hashes.SHA256())
        file = self.folder / f"{name}.pem"
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        return file

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_subject(name))
            .issuer_name(_subject("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
        )


def _subject(name: str) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, COUNTRY), (NameOID.ORGANIZATION_NAME, ORGANIZATION), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])
