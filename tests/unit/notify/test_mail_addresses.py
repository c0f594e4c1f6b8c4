"""An address holds what a mail is about, in any case, and nobody else can make one."""

import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notify.mail.addresses import MailAddresses, NoSuchAddress, Returned
from services.notify.settings import Settings
from shared.mail_addresses import LOCAL_PART_CHARACTERS_MAX, is_usable
from shared.sealing_keys import as_text
from shared.signed_links import LinkExpired, LinkInvalid, LinkKeys, LinkTarget, Purpose
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

KEYS = LinkKeys({"B": b"k" * 32, "b": b"o" * 32})
ADDRESSES = MailAddresses("lapor@kota.example", KEYS)
LONGEST = MailAddresses("pengaduan@kota.example", KEYS)
LASTS = timedelta(days=30)
DELIVERY = "7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55"
REPLY = ADDRESSES.of_reply(LinkTarget(TICKET, 3), NOON + LASTS)
BOUNCE = ADDRESSES.of_bounce(TICKET, DELIVERY)
SYMBOLS = string.ascii_lowercase + string.digits + "-_.%"


@given(st.uuids(), st.integers(0, 255), st.uuids())
def test_the_longest_address_fits_into_64_symbols_and_can_be_written_to(
    ticket: object, part: int, sent: object
) -> None:
    for address in (
        LONGEST.of_reply(LinkTarget(str(ticket), part), NOON + LASTS), LONGEST.of_bounce(str(ticket), str(sent)),
    ):  # fmt: skip
        assert len(address.partition("@")[0]) <= LOCAL_PART_CHARACTERS_MAX
        assert is_usable(address)
        assert address == address.lower()


@pytest.mark.parametrize("spelled", [str, str.upper, str.title])
def test_an_address_says_what_a_mail_is_about_in_any_case(spelled: type[str]) -> None:
    assert ADDRESSES.read([spelled(REPLY)], NOON) == LinkTarget(TICKET, 3)
    returned = ADDRESSES.read([spelled(BOUNCE)], NOON)
    assert isinstance(returned, Returned)
    assert (returned.ticket_id, returned.is_about(DELIVERY), returned.is_about(TICKET)) == (TICKET, True, False)


@pytest.mark.parametrize("first", ["a", "B", "b"])
def test_an_address_is_read_whichever_key_has_signed_it(first: str) -> None:
    keys = LinkKeys({first: b"n" * 32, **{key_id: key for key_id, key in KEYS.keys.items() if key_id != first}})
    made = MailAddresses("lapor@kota.example", keys).of_reply(LinkTarget(TICKET), NOON + LASTS)

    known = LinkKeys({**KEYS.keys, first: b"n" * 32})
    assert MailAddresses("lapor@kota.example", known).read([made], NOON) == LinkTarget(TICKET)


def test_a_reply_address_is_over_when_it_expires() -> None:
    ADDRESSES.read([REPLY], NOON + LASTS - timedelta(seconds=1))

    with pytest.raises(LinkExpired):
        ADDRESSES.read([REPLY], NOON + LASTS)


@given(st.data())
def test_any_symbol_of_the_token_that_is_changed_makes_it_none_of_ours(data: st.DataObject) -> None:
    address = data.draw(st.sampled_from([REPLY, BOUNCE]))
    place = data.draw(st.integers(len("lapor+"), address.index("@") - 1))
    other = data.draw(st.sampled_from([symbol for symbol in SYMBOLS if symbol != address[place]]))

    with pytest.raises(LinkInvalid):
        ADDRESSES.read([address[:place] + other + address[place + 1 :]], NOON)


def test_neither_a_link_nor_an_address_of_another_city_is_one_of_ours() -> None:
    foreign = MailAddresses("lapor@kota.example", LinkKeys({"b": b"f" * 32})).of_reply(LinkTarget(TICKET), NOON + LASTS)
    link = KEYS.sign(Purpose.TICKET, b"t" * 17, NOON + LASTS)

    for address in (foreign, f"lapor+{link}@kota.example"):
        with pytest.raises(LinkInvalid):
            ADDRESSES.read([address], NOON)


@pytest.mark.parametrize(
    "addresses",
    [
        [], ["lapor@kota.example"], ["lapor+@kota.example"], [REPLY.replace("kota", "desa")], ["siti@warga.example"],
        [REPLY.replace("lapor", "aduan")], ["lapor@kota.example"] * 60 + [REPLY],
    ],
)  # fmt: skip
def test_an_address_without_a_token_of_our_mailbox_is_about_nothing(addresses: list[str]) -> None:
    with pytest.raises(NoSuchAddress):
        ADDRESSES.read(addresses, NOON)


@given(st.text(max_size=90))
def test_no_text_behind_the_mailbox_is_too_odd_to_be_refused(text: str) -> None:
    with pytest.raises((LinkInvalid, NoSuchAddress)):
        ADDRESSES.read([f"lapor+{text}@kota.example"], NOON)


@pytest.mark.parametrize(
    "address",
    ["lapor", "lapor+x@kota.example", "pengaduan2@kota.example", "@kota.example", "lapor@kota", "läpor@kota.example"],
)
def test_a_mailbox_behind_which_no_token_has_room_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="reply_address"):
        Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "x", "reply_address": address})


def test_outside_of_the_local_profile_replies_need_keys_of_ones_own() -> None:
    keys = {"TINDAK_CONTACT_PRIVATE_KEYS": as_text({"k": b"k" * 32})}
    own = Settings.model_validate(keys | {"reply_address": "lapor@kota.example"})

    assert [said for said in own.unsafe(30) if "TINDAK_LINK_KEYS must be set" in said]
