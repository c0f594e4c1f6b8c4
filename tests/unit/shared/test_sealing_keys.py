"""Keys are read as they were written, refused by name, and never quoted."""

import base64

import pytest

from shared.sealing_keys import (
    PRIVATE_KEYS,
    PUBLIC_KEYS,
    TRIAL_KEY,
    ContactKeysInvalid,
    as_text,
    parse_keys,
    parse_public_keys,
    public_of,
    published,
    trial_keys,
)

pytestmark = pytest.mark.unit

OLD, NEW = b"o" * 32, b"n" * 32


def test_keys_may_be_in_either_alphabet_and_spaced() -> None:
    key = b"\xff\xfe" * 16
    text = f" a:{base64.urlsafe_b64encode(key).decode()} , b:{base64.b64encode(key).decode()},"

    assert parse_keys(text, PRIVATE_KEYS) == {"a": key, "b": key}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("nokey", "entry 1 is not of the form"),
        (":AAAA", "entry 1 is not of the form"),
        ("a b:AAAA", "entry 1 is not of the form"),
        (as_text({"a": OLD}) + ",b:", "entry 2 is not of the form"),
        ("a:***", "entry 1 .a. is not base64"),
        ("a:ünlesbar", "entry 1 .a. is not base64"),
        (as_text({"a": b"short"}), "has 5 bytes; a key has 32"),
        (as_text({"a": OLD}) + "," + as_text({"a": NEW}), "'a' is given twice"),
    ],
)
def test_wrong_keys_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ContactKeysInvalid, match=f"^{PRIVATE_KEYS}.*{said}"):
        parse_keys(text, PRIVATE_KEYS)


def test_refused_key_is_not_quoted() -> None:
    secret = base64.b64encode(b"s" * 31).decode()

    with pytest.raises(ContactKeysInvalid) as refusal:
        parse_keys(f"a:{secret}", PRIVATE_KEYS)

    assert secret not in str(refusal.value)


def test_a_public_key_that_would_seal_nothing_is_refused() -> None:
    """A point of low order gives the same shared secret with every key."""
    with pytest.raises(ContactKeysInvalid, match="no public key"):
        parse_public_keys(as_text({"a": public_of(OLD), "b": bytes(32)}))


def test_public_keys_keep_the_ids_and_the_order_of_the_private_ones() -> None:
    text = as_text({"new": NEW, "old": OLD})

    assert list(parse_public_keys(published(text)).items()) == [("new", public_of(NEW)), ("old", public_of(OLD))]


@pytest.mark.parametrize(
    ("key", "variable"), [(TRIAL_KEY, PRIVATE_KEYS), (public_of(TRIAL_KEY), PUBLIC_KEYS)], ids=["private", "public"]
)
def test_the_trial_keys_are_known_by_their_bytes_under_any_name(key: bytes, variable: str) -> None:
    (sentence,) = trial_keys(as_text({"own": OLD, "mine": key}), variable)

    assert sentence.startswith(f"{variable} must not hold the trial key that everybody can read (mine)")
    assert trial_keys(as_text({"own": OLD}), variable) == []
