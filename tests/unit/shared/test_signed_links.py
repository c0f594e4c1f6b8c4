"""A link opens what it was made for, until it expires, and nothing else opens anything."""

import string
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealing_keys import ContactKeysInvalid, as_text
from shared.signed_links import (
    TOKEN_SYMBOLS_MAX,
    LinkExpired,
    LinkInvalid,
    LinkKeys,
    LinkTarget,
    Purpose,
    target_of,
    ticket_token,
)
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

OLD, NEW = b"o" * 32, b"n" * 32
KEYS = LinkKeys({"a": OLD})
SYMBOLS = string.ascii_letters + string.digits + "-_=+/ .%\n"
LASTS = timedelta(days=30)
TOKEN = ticket_token(KEYS, LinkTarget(TICKET), NOON + LASTS)
TARGETS = st.builds(LinkTarget, st.uuids().map(str), st.integers(0, 255))


@given(TARGETS)
def test_a_link_leads_where_it_was_made_for(target: LinkTarget) -> None:
    token = ticket_token(KEYS, target, NOON + LASTS)

    assert target_of(KEYS, token, NOON) == target
    assert len(token) <= TOKEN_SYMBOLS_MAX
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert token[-1].isalnum()  # programs that make links of text leave a mark at the end of a sentence outside


@given(TARGETS, st.data())
def test_any_symbol_that_is_changed_makes_it_no_link(target: LinkTarget, data: st.DataObject) -> None:
    token = ticket_token(KEYS, target, NOON + LASTS)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([symbol for symbol in SYMBOLS if symbol != token[place]]))

    with pytest.raises(LinkInvalid):
        target_of(KEYS, token[:place] + other + token[place + 1 :], NOON)


@given(st.text(max_size=TOKEN_SYMBOLS_MAX + 5))
def test_nothing_that_is_made_up_is_a_link(token: str) -> None:
    with pytest.raises(LinkInvalid):
        target_of(KEYS, token, NOON)


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "A", TOKEN + "=", f" {TOKEN}", TOKEN.swapcase(), ""])
def test_a_link_spelled_otherwise_is_none(token: str) -> None:
    with pytest.raises(LinkInvalid):
        target_of(KEYS, token, NOON)


def test_another_key_under_the_same_id_opens_nothing() -> None:
    with pytest.raises(LinkInvalid):
        target_of(LinkKeys({"a": NEW}), TOKEN, NOON)


def test_the_same_key_under_another_id_opens_nothing() -> None:
    with pytest.raises(LinkInvalid):
        target_of(LinkKeys({"a": OLD, "b": OLD}), f"b{TOKEN[1:]}", NOON)


def test_a_token_for_another_purpose_is_none() -> None:
    token = KEYS.sign(Purpose.FORM, UUID(TICKET).bytes + b"\0", NOON + LASTS)

    with pytest.raises(LinkInvalid):
        target_of(KEYS, token, NOON)


def test_a_token_opens_beside_the_one_only_to_which_it_is_bound() -> None:
    form = KEYS.sign(Purpose.FORM, b"nonce", NOON + LASTS, bound_to=TOKEN)

    assert KEYS.open(Purpose.FORM, form, NOON, bound_to=TOKEN) == b"nonce"
    for other in ("", ticket_token(KEYS, LinkTarget(TICKET, 1), NOON + LASTS)):
        with pytest.raises(LinkInvalid):
            KEYS.open(Purpose.FORM, form, NOON, bound_to=other)


@pytest.mark.parametrize(("late", "is_over"), [(timedelta(seconds=-1), False), (timedelta(0), True), (LASTS, True)])
def test_a_link_is_over_at_the_second_at_which_it_expires(late: timedelta, is_over: bool) -> None:
    at = NOON + LASTS + late

    if not is_over:
        assert target_of(KEYS, TOKEN, at) == LinkTarget(TICKET)
        return
    with pytest.raises(LinkExpired):
        target_of(KEYS, TOKEN, at)


def test_a_forged_link_that_is_over_is_told_from_none() -> None:
    with pytest.raises(LinkInvalid):
        target_of(LinkKeys({"a": NEW}), TOKEN, NOON + 2 * LASTS)


def test_after_a_rotation_the_first_key_signs_and_the_other_is_still_known() -> None:
    rotated = LinkKeys.from_text(as_text({"b": NEW, "a": OLD}))

    assert target_of(rotated, TOKEN, NOON) == LinkTarget(TICKET)
    assert ticket_token(rotated, LinkTarget(TICKET), NOON + LASTS)[0] == "b"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "TINDAK_LINK_KEYS is empty"),
        (as_text({"2026": OLD}), "'2026' is not one letter or digit"),
        (as_text({"-": OLD}), "'-' is not one letter or digit"),
        ("a:c2hvcnQ=", "has 5 bytes"),
    ],
)
def test_keys_of_another_form_are_refused(text: str, said: str) -> None:
    with pytest.raises(ContactKeysInvalid, match=said):
        LinkKeys.from_text(text)


def test_keys_are_not_shown() -> None:
    assert "o" * 8 not in repr(KEYS)
