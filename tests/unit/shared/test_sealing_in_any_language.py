"""What docs/sealing.md tells channels is what this code does, and is RFC 9180."""

import base64
import hashlib
import hmac
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.seal import Opener, Sealer
from shared.sealing_keys import public_of
from tests.conftest import POLICY

pytestmark = pytest.mark.unit

PAGE = (POLICY.parent / "docs" / "sealing.md").read_text(encoding="utf-8")
VECTOR = dict(re.findall(r"^(private|public|info|plain|sealed) +(.+)$", PAGE, re.MULTILINE))
KEM_SUITE, HPKE_SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"


def extract(salt: bytes, suite: bytes, label: bytes, key: bytes) -> bytes:
    """Return LabeledExtract of RFC 9180, section 4."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, hashlib.sha256)


def expand(secret: bytes, suite: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """Return LabeledExpand of RFC 9180, section 4, of at most 32 bytes."""
    labeled = size.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labeled + b"\x01", hashlib.sha256)[:size]


def key_and_nonce(shared: bytes, enc: bytes, recipient: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return what one message is encrypted with: sections 4.1 and 5.1 of RFC 9180, mode base."""
    eae = extract(b"", KEM_SUITE, b"eae_prk", shared)
    secret = expand(eae, KEM_SUITE, b"shared_secret", enc + recipient, 32)
    context = b"\x00" + extract(b"", HPKE_SUITE, b"psk_id_hash", b"") + extract(b"", HPKE_SUITE, b"info_hash", info)
    scheduled = extract(secret, HPKE_SUITE, b"secret", b"")
    key = expand(scheduled, HPKE_SUITE, b"key", context, 32)
    return key, expand(scheduled, HPKE_SUITE, b"base_nonce", context, 12)


def test_the_vector_of_the_page_opens() -> None:
    private = base64.b64decode(VECTOR["private"])

    opened = Opener({"vector": private}).open(VECTOR["info"], VECTOR["sealed"], "vector")

    assert opened.decode() == VECTOR["plain"]
    assert base64.b64encode(public_of(private)).decode() == VECTOR["public"]
    contact = Opener({"vector": private}).open_contact("", VECTOR["sealed"], "vector", info=VECTOR["info"])
    assert contact.email == json.loads(VECTOR["plain"])["email"]


def test_what_the_rfc_makes_of_a_text_is_opened_here() -> None:
    recipient, ephemeral = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    public, enc = recipient.public_key().public_bytes_raw(), ephemeral.public_key().public_bytes_raw()
    key, nonce = key_and_nonce(ephemeral.exchange(recipient.public_key()), enc, public, b"web|1")

    sealed = base64.b64encode(enc + AESGCM(key).encrypt(nonce, b"name", b"")).decode()

    assert Opener({"k": recipient.private_bytes_raw()}).open("web|1", sealed, "k") == b"name"


def test_what_is_sealed_here_opens_by_the_rfc() -> None:
    recipient = X25519PrivateKey.generate()
    public = recipient.public_key().public_bytes_raw()
    raw = base64.b64decode(Sealer({"k": public}).seal("web|1", b"name")[0], validate=True)
    enc, text = raw[:32], raw[32:]

    key, nonce = key_and_nonce(recipient.exchange(X25519PublicKey.from_public_bytes(enc)), enc, public, b"web|1")

    assert AESGCM(key).decrypt(nonce, text, b"") == b"name"
