"""A contact can be read by who holds the key, for the ticket it was sealed for, and by nobody else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Locale
from shared.seal import (
    TRIAL_KEY,
    Contact,
    ContactKeysInvalid,
    ContactUnreadable,
    Sealer,
    SealError,
    UnknownContactKey,
    public_keys,
)
from tests.builders import TICKET
from tindak.keys import new_key

pytestmark = pytest.mark.unit

OLD, NEW = b"o" * 32, b"n" * 32
OTHER_TICKET = "0b2c7f9e-0000-5000-8000-000000000000"
SITI = Contact(channel="web", name="Siti Aminah", phone="081234567890", email="siti@example.org", locale=Locale.ENGLISH)


def keys(*pairs: tuple[str, bytes]) -> str:
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in pairs)


@given(st.binary(max_size=2000))
def test_sealed_bytes_open_to_the_same_bytes(contact: bytes) -> None:
    sealer = Sealer({"a": OLD}, "a")

    sealed, key_id = sealer.seal(TICKET, contact)

    assert sealer.open(TICKET, sealed, key_id) == contact


def test_sealed_contact_opens_to_the_same_contact() -> None:
    sealer = Sealer.from_text(keys(("a", OLD)))

    sealed, key_id = sealer.seal_contact(TICKET, SITI)

    assert sealer.open_contact(TICKET, sealed, key_id) == SITI


def test_sealed_text_shows_nothing_of_the_contact() -> None:
    sealed, _ = Sealer({"a": OLD}, "a").seal_contact(TICKET, SITI)

    shown = base64.urlsafe_b64decode(sealed)

    assert not any(secret in shown for secret in (b"Siti", b"081234567890", b"example.org", b"web"))


def test_same_contact_sealed_twice_looks_different() -> None:
    sealer = Sealer({"a": OLD}, "a")

    assert sealer.seal_contact(TICKET, SITI) != sealer.seal_contact(TICKET, SITI)


def test_drawn_nonce_decides_the_sealed_text() -> None:
    """The simulation must repeat a run byte for byte."""

    def draw(size: int) -> bytes:
        return b"\1" * size

    first = Sealer({"a": OLD}, "a", draw).seal(TICKET, b"x")
    again = Sealer({"a": OLD}, "a", draw).seal(TICKET, b"x")

    assert first == again


def test_contact_of_another_ticket_does_not_open() -> None:
    sealer = Sealer({"a": OLD}, "a")
    sealed, key_id = sealer.seal_contact(TICKET, SITI)

    with pytest.raises(ContactUnreadable, match=OTHER_TICKET):
        sealer.open_contact(OTHER_TICKET, sealed, key_id)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_changed_byte_breaks_the_seal(position: int, change: int) -> None:
    sealer = Sealer({"a": OLD}, "a")
    sealed, key_id = sealer.seal(TICKET, b"contact")
    raw = bytearray(base64.urlsafe_b64decode(sealed))
    raw[position % len(raw)] ^= change

    with pytest.raises(ContactUnreadable):
        sealer.open(TICKET, base64.urlsafe_b64encode(bytes(raw)).decode(), key_id)


@pytest.mark.parametrize("sealed", ["", "x", "****", "ünlesbar", "AAAA", base64.b64encode(b"short").decode()])
def test_garbage_instead_of_a_seal_is_unreadable(sealed: str) -> None:
    with pytest.raises(ContactUnreadable):
        Sealer({"a": OLD}, "a").open(TICKET, sealed, "a")


def test_sealed_bytes_that_are_no_contact_are_unreadable() -> None:
    sealer = Sealer({"a": OLD}, "a")
    sealed, key_id = sealer.seal(TICKET, b'{"name": 1}')

    with pytest.raises(ContactUnreadable):
        sealer.open_contact(TICKET, sealed, key_id)


def test_rotated_key_still_opens_what_it_sealed() -> None:
    sealed, key_id = Sealer.from_text(keys(("2025", OLD))).seal_contact(TICKET, SITI)

    rotated = Sealer.from_text(keys(("2026", NEW), ("2025", OLD)))

    assert rotated.open_contact(TICKET, sealed, key_id) == SITI
    assert rotated.seal_contact(TICKET, SITI)[1] == "2026"


def test_removed_key_is_named_when_it_is_needed() -> None:
    sealed, key_id = Sealer.from_text(keys(("2025", OLD))).seal_contact(TICKET, SITI)

    with pytest.raises(UnknownContactKey, match="2025"):
        Sealer.from_text(keys(("2026", NEW))).open_contact(TICKET, sealed, key_id)


def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed, key_id = Sealer.from_text(keys(("a", OLD))).seal_contact(TICKET, SITI)

    with pytest.raises(SealError):
        Sealer.from_text(keys(("a", NEW))).open_contact(TICKET, sealed, key_id)


def test_keys_may_be_in_either_alphabet_and_spaced() -> None:
    key = b"\xff\xfe" * 16
    text = f" a:{base64.urlsafe_b64encode(key).decode()} , b:{base64.b64encode(key).decode()},"

    sealed, _ = Sealer.from_text(text).seal(TICKET, b"x")

    assert Sealer.from_text(text).open(TICKET, sealed, "b") == b"x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("nokey", "entry 1 is not of the form"),
        (":AAAA", "entry 1 is not of the form"),
        ("a b:AAAA", "entry 1 is not of the form"),
        (keys(("a", OLD)) + ",b:", "entry 2 is not of the form"),
        ("a:***", "entry 1 .a. is not base64"),
        (keys(("a", b"short")), "has 5 bytes; a key has 32"),
        (keys(("a", OLD), ("a", NEW)), "'a' is given twice"),
    ],
)
def test_wrong_keys_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ContactKeysInvalid, match=said):
        Sealer.from_text(text)


def test_refused_key_is_not_quoted() -> None:
    secret = base64.b64encode(b"s" * 31).decode()

    with pytest.raises(ContactKeysInvalid) as refusal:
        Sealer.from_text(f"a:{secret}")

    assert secret not in str(refusal.value)


def test_the_public_trial_key_is_known_by_its_bytes_under_any_name() -> None:
    public = base64.b64encode(TRIAL_KEY).decode()

    (sentence,) = public_keys(f"{new_key()},mine:{public}")

    assert sentence.startswith("TINDAK_CONTACT_KEYS must not hold the public trial key (mine)")
    assert public_keys(new_key()) == []
