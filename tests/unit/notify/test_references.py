import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.references import Reference, References
from tests.builders import TICKET
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.unit

OURS = References([b"k" * 32])
TEXT = OURS.of("twilio", TICKET, DELIVERY)
uuids = st.uuids().map(str)


@given(uuids, uuids, st.sampled_from(["twilio", "whatsapp_template"]))
def test_a_reference_leads_back_to_its_delivery(ticket: str, delivery: str, gateway: str) -> None:
    text = OURS.of(gateway, ticket, delivery)

    assert OURS.read(gateway, text) == Reference(ticket, delivery)
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", text)


@given(st.integers(0, 48 * 8 - 1))
def test_no_bit_of_a_reference_may_change(bit: int) -> None:
    changed = bytearray(base64.urlsafe_b64decode(TEXT))
    changed[bit // 8] ^= 1 << bit % 8

    assert OURS.read("twilio", base64.urlsafe_b64encode(changed).decode()) is None


@given(st.text(max_size=80))
def test_what_is_no_reference_is_none(text: str) -> None:
    assert OURS.read("twilio", text) is None


def test_a_reference_of_one_gateway_is_none_of_another() -> None:
    assert OURS.read("wavecell", TEXT) is None


def test_a_reference_of_another_key_is_none() -> None:
    assert References([b"o" * 32]).read("twilio", TEXT) is None


def test_while_keys_change_references_of_either_are_read() -> None:
    assert References([b"o" * 32, b"k" * 32]).read("twilio", TEXT) == Reference(TICKET, DELIVERY)
