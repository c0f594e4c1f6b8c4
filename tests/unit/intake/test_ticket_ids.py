"""The same report is the same ticket, and nobody without the key can tell which."""

import base64
import hashlib
import hmac
from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.ticket_ids import LOCAL_KEY, IdKeyInvalid, TicketIds
from services.intake.settings import Settings
from shared.ids import NAMESPACE, tracking_id
from tests.sealing import PUBLIC_KEYS_TEXT

pytestmark = pytest.mark.unit

KEY = b"thirty-two-bytes-of-a-known-key!"
TEXT = base64.b64encode(KEY).decode()
SOURCES = st.tuples(
    st.sampled_from(("web", "sms_1708", "partner_a")), st.text(st.characters(codec="utf-8"), min_size=1)
)


def test_an_id_is_what_other_tools_make_of_key_and_report() -> None:
    """``printf 'web|1' | openssl dgst -sha256 -mac HMAC -macopt key:...`` begins with these digits."""
    made = TicketIds(KEY).of("web", "1")

    assert made == "879727fa-7e5f-8ac0-ae59-0b82ab33e6b9"


@given(st.binary(min_size=32, max_size=64), SOURCES)
def test_an_id_is_a_uuid_of_version_8_of_the_first_bits_of_the_hash(key: bytes, source: tuple[str, str]) -> None:
    made = UUID(TicketIds(key).of(*source))

    digest = hmac.new(key, "|".join(source).encode(), hashlib.sha256).digest()[:16]
    assert (made.version, made.variant) == (8, RFC_4122)
    assert (made.bytes[:6], made.bytes[7], made.bytes[9:]) == (digest[:6], digest[7], digest[9:])
    assert (made.bytes[6] & 0x0F, made.bytes[8] & 0x3F) == (digest[6] & 0x0F, digest[8] & 0x3F)


@given(SOURCES)
def test_the_same_report_has_one_id_and_another_under_another_key(source: tuple[str, str]) -> None:
    ids = TicketIds(KEY)

    assert ids.of(*source) == TicketIds(KEY).of(*source)
    assert ids.of(*source) != TicketIds(KEY[::-1]).of(*source)


def test_running_numbers_cannot_be_listed_by_any_public_function() -> None:
    """What 0.1.0 computed from a channel's number, and what follows from it, is no ticket any more."""
    names = [f"web|{number}" for number in range(500)]
    guesses = {str(uuid5(NAMESPACE, name)) for name in names}
    guesses |= {TicketIds.from_text(LOCAL_KEY).of(*name.split("|")) for name in names}

    tickets = {TicketIds(KEY).of("web", str(number)) for number in range(500)}

    assert len(tickets) == 500
    assert tickets & guesses == set()
    assert {tracking_id(ticket) for ticket in tickets} & {tracking_id(guess) for guess in guesses} == set()


def test_a_key_does_not_show() -> None:
    assert KEY.decode() not in repr(TicketIds(KEY))


@pytest.mark.parametrize("text", [TEXT, f" {TEXT}\n", base64.urlsafe_b64encode(b"\xff" * 33).decode(), LOCAL_KEY])
def test_a_key_is_base64_of_32_bytes_or_more(text: str) -> None:
    assert len(TicketIds.from_text(text).key) >= 32


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (base64.b64encode(KEY[:31]).decode(), "has 31 bytes; it needs at least 32"),
        ("", "has 0 bytes"),
        ("x" * 43, "is not base64"),
        ("kunci-rahasia-kota", "is not base64"),
        ("é" * 44, "is not base64"),
    ],
)
def test_what_is_no_key_is_refused_without_being_quoted(text: str, said: str) -> None:
    with pytest.raises(IdKeyInvalid, match=said) as refused:
        TicketIds.from_text(text)

    assert not text or text not in str(refused.value)


def settings(**given: str) -> Settings:
    return Settings.model_validate({"TINDAK_CONTACT_PUBLIC_KEYS": PUBLIC_KEYS_TEXT} | given)


@pytest.mark.parametrize("given", [{}, {"TINDAK_ID_KEY": ""}])
def test_the_local_profile_has_a_key_of_its_own(given: dict[str, str]) -> None:
    assert settings(**given).ticket_ids() == TicketIds.from_text(LOCAL_KEY)


def test_a_key_of_ones_own_is_taken_and_safe() -> None:
    made = settings(TINDAK_ID_KEY=TEXT)

    assert (made.ticket_ids(), made.unsafe()) == (TicketIds(KEY), [])


@pytest.mark.parametrize("given", [{}, {"TINDAK_ID_KEY": ""}, {"TINDAK_ID_KEY": LOCAL_KEY}])
def test_the_key_that_everybody_can_read_is_unsafe(given: dict[str, str]) -> None:
    (sentence,) = settings(**given).unsafe()

    assert sentence.startswith("TINDAK_ID_KEY must be set to a key of your own")
    assert "`tindak keys new-id-key`" in sentence
    assert LOCAL_KEY not in sentence


def test_what_is_no_key_is_refused_in_every_profile() -> None:
    with pytest.raises(IdKeyInvalid):
        settings(TINDAK_ID_KEY="kunci").unsafe()
    with pytest.raises(IdKeyInvalid):
        settings(TINDAK_ID_KEY="kunci").ticket_ids()
