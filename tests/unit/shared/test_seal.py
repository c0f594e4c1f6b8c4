"""A contact can be read by who holds the private key, for the ticket it was sealed for, and by nobody else."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Locale, SealScheme
from shared.seal import Contact, ContactUnreadable, Opener, Sealer, SealError, UnknownContactKey
from shared.sealing_keys import as_text, public_of
from tests.builders import TICKET
from tests.sealing import OPENER, SEALER

pytestmark = pytest.mark.unit

OLD, NEW = b"o" * 32, b"n" * 32
OTHER_TICKET = "0b2c7f9e-0000-5000-8000-000000000000"
SITI = Contact(channel="web", name="Siti Aminah", phone="081234567890", email="siti@example.org", locale=Locale.ENGLISH)


def sealed_before(plain: bytes, key: bytes = OLD, ticket: str = TICKET) -> str:
    """Return what release 0.1.0 made of a contact: nonce and AES-256-GCM, in the alphabet for addresses."""
    nonce = b"\xff" * 12
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, plain, ticket.encode())).decode()


@given(st.binary(max_size=2000))
def test_sealed_bytes_open_to_the_same_bytes(contact: bytes) -> None:
    assert OPENER.open(TICKET, *SEALER.seal(TICKET, contact)) == contact


def test_sealed_contact_opens_to_the_same_contact() -> None:
    assert OPENER.open_contact(TICKET, *SEALER.seal_contact(TICKET, SITI)) == SITI


def test_who_seals_cannot_open() -> None:
    """What seals opens nothing, even taken for a private key."""
    public = public_of(OLD)
    sealed, key_id = Sealer({"a": public}).seal_contact(TICKET, SITI)

    with pytest.raises(ContactUnreadable):
        Opener({"a": public}, former={"a": public}).open_contact(TICKET, sealed, key_id)


def test_sealed_text_shows_nothing_of_the_contact() -> None:
    sealed, _ = SEALER.seal_contact(TICKET, SITI)

    shown = base64.b64decode(sealed, validate=True)

    assert not any(secret in shown for secret in (b"Siti", b"081234567890", b"example.org", b"web"))


def test_same_contact_sealed_twice_looks_different() -> None:
    assert SEALER.seal_contact(TICKET, SITI) != SEALER.seal_contact(TICKET, SITI)


def test_contact_of_another_ticket_does_not_open() -> None:
    with pytest.raises(ContactUnreadable):
        OPENER.open_contact(OTHER_TICKET, *SEALER.seal_contact(TICKET, SITI))


def test_contact_that_is_bound_to_something_else_opens_by_that_alone() -> None:
    sealed, key_id = SEALER.seal("web|1", SITI.model_copy(update={"channel": "email"}).model_dump_json().encode())

    assert OPENER.open_contact(TICKET, sealed, key_id, info="web|1").name == SITI.name
    assert OPENER.open_contact(TICKET, sealed, key_id, info="web|1").channel == "web"
    for other in ("web|2", "", None):
        with pytest.raises(ContactUnreadable):
            OPENER.open_contact(TICKET, sealed, key_id, info=other)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_changed_byte_breaks_the_seal(position: int, change: int) -> None:
    sealed, key_id = SEALER.seal(TICKET, b"contact")
    raw = bytearray(base64.b64decode(sealed))
    raw[position % len(raw)] ^= change

    with pytest.raises(ContactUnreadable):
        OPENER.open(TICKET, base64.b64encode(bytes(raw)).decode(), key_id)


@pytest.mark.parametrize("scheme", SealScheme)
@pytest.mark.parametrize("sealed", ["", "x", "****", "ünlesbar", "AAAA", base64.b64encode(b"short").decode()])
def test_garbage_instead_of_a_seal_is_unreadable(sealed: str, scheme: SealScheme) -> None:
    with pytest.raises(ContactUnreadable):
        Opener({"a": OLD}, former={"a": OLD}).open(TICKET, sealed, "a", scheme)


def test_sealed_bytes_that_are_no_contact_are_unreadable() -> None:
    with pytest.raises(ContactUnreadable):
        OPENER.open_contact(TICKET, *SEALER.seal(TICKET, b'{"name": 1}'))


def test_rotated_keys_still_open_what_the_old_one_sealed() -> None:
    sealed, key_id = Sealer({"2025": public_of(OLD)}).seal_contact(TICKET, SITI)

    opener = Opener.from_text(as_text({"2026": NEW, "2025": OLD}))
    sealer = Sealer.from_text(as_text({"2026": public_of(NEW), "2025": public_of(OLD)}))

    assert opener.open_contact(TICKET, sealed, key_id) == SITI
    assert sealer.seal_contact(TICKET, SITI)[1] == "2026"


def test_removed_key_is_named_when_it_is_needed() -> None:
    sealed, key_id = Sealer({"2025": public_of(OLD)}).seal_contact(TICKET, SITI)

    with pytest.raises(UnknownContactKey, match="2025"):
        Opener({"2026": NEW}).open_contact(TICKET, sealed, key_id)


def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed, key_id = Sealer({"a": public_of(OLD)}).seal_contact(TICKET, SITI)

    with pytest.raises(SealError):
        Opener({"a": NEW}).open_contact(TICKET, sealed, key_id)


def test_what_release_0_1_0_sealed_is_opened_with_its_key_while_that_is_given() -> None:
    sealed = sealed_before(SITI.model_dump_json().encode())
    keys = as_text({"2026": NEW})

    opener = Opener.from_text(keys, as_text({"2025": OLD}))

    assert opener.open_contact(TICKET, sealed, "2025", SealScheme.AES_256_GCM) == SITI
    with pytest.raises(ContactUnreadable):
        opener.open_contact(OTHER_TICKET, sealed, "2025", SealScheme.AES_256_GCM)
    with pytest.raises(UnknownContactKey, match="'2025' is not in TINDAK_CONTACT_KEYS"):
        Opener.from_text(keys).open_contact(TICKET, sealed, "2025", SealScheme.AES_256_GCM)


def test_key_of_one_scheme_opens_nothing_of_the_other() -> None:
    sealed, key_id = Sealer({"a": public_of(OLD)}).seal_contact(TICKET, SITI)
    opener = Opener({"b": NEW}, former={"a": OLD})

    with pytest.raises(UnknownContactKey, match="'a' is not in TINDAK_CONTACT_PRIVATE_KEYS"):
        opener.open_contact(TICKET, sealed, key_id)
    with pytest.raises(ContactUnreadable):
        opener.open_contact(TICKET, sealed, key_id, SealScheme.AES_256_GCM)
