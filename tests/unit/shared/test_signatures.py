import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.signatures import SecretInvalid, SignatureInvalid, equal, secret_keys, signed_headers, verify
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

KEY, OTHER = b"k" * 32, b"o" * 32
BODY = b'{"notice":"agency_new_ticket"}'
SECOND = timedelta(seconds=1)
FIVE_MINUTES = timedelta(minutes=5)
HEADERS = signed_headers("msg_1", BODY, [KEY], NOON)

ids = st.text(st.characters(categories=["L", "N"], include_characters="-_"), min_size=1, max_size=60)
keys = st.binary(min_size=24, max_size=64)


def secret(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def refusal(headers: dict[str, str], body: bytes = BODY, key: bytes = KEY, after: timedelta = timedelta()) -> str:
    with pytest.raises(SignatureInvalid) as refused:
        verify(headers, body, [key], NOON + after)
    return str(refused.value)


def test_the_example_of_the_specification_verifies() -> None:
    """Secret, id, time, body and signature of the reference implementations' own tests."""
    [key] = secret_keys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = NOON.fromtimestamp(1614265330, tz=NOON.tzinfo)

    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [key], at)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(ids, st.binary(max_size=300), keys)
def test_what_is_signed_verifies(id_: str, body: bytes, key: bytes) -> None:
    verify(signed_headers(id_, body, [key], NOON), body, [key], NOON)


@given(st.binary(min_size=1, max_size=100), st.data())
def test_no_bit_of_a_body_may_change(body: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8

    assert refusal(signed_headers("msg_1", body, [KEY], NOON), bytes(changed)) == "mismatch"


@given(keys, keys)
def test_another_key_is_refused(key: bytes, other: bytes) -> None:
    headers = signed_headers("msg_1", BODY, [key], NOON)

    if key.rstrip(b"\0") != other.rstrip(b"\0"):  # HMAC fills keys up with zeros
        assert refusal(headers, key=other) == "mismatch"


@pytest.mark.parametrize("after", [timedelta(), FIVE_MINUTES, -FIVE_MINUTES])
def test_a_call_verifies_within_five_minutes(after: timedelta) -> None:
    verify(HEADERS, BODY, [KEY], NOON + after)


@pytest.mark.parametrize("after", [FIVE_MINUTES + SECOND, -FIVE_MINUTES - SECOND, timedelta(days=365)])
def test_an_old_call_is_refused(after: timedelta) -> None:
    assert refusal(HEADERS, after=after) == "too_old"


def test_a_new_time_on_an_old_call_is_refused() -> None:
    later = str(int(NOON.timestamp()) + 3600)

    assert refusal(HEADERS | {"webhook-timestamp": later}, after=timedelta(hours=1)) == "mismatch"


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_call_without_one_of_its_headers_is_refused(name: str) -> None:
    assert refusal({other: value for other, value in HEADERS.items() if other != name}) == "missing_header"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"webhook-id": "msg_2"}, "mismatch"), ({"webhook-id": "msg.1"}, "bad_id"),
        ({"webhook-timestamp": "١٧٧٢٤٢٧٦٠٠"}, "bad_timestamp"), ({"webhook-timestamp": "-1"}, "bad_timestamp"),
        ({"webhook-timestamp": "9" * 5000}, "bad_timestamp"), ({"webhook-timestamp": "1"}, "too_old"),
        ({"webhook-signature": "v1,"}, "mismatch"), ({"webhook-signature": "\udcff é"}, "mismatch"),
        ({"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")}, "mismatch"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_as_it_was_is_refused(changes: dict[str, str], code: str) -> None:
    assert refusal(HEADERS | changes) == code


def test_during_a_rotation_either_key_verifies() -> None:
    headers = signed_headers("msg_1", BODY, [OTHER, KEY], NOON)

    verify(headers, BODY, [KEY], NOON)
    verify(headers, BODY, [OTHER], NOON)
    verify(HEADERS, BODY, [OTHER, KEY], NOON)


def test_of_endless_signatures_only_the_first_ones_are_looked_at() -> None:
    endless = " ".join(["v1,x"] * 10 + [HEADERS["webhook-signature"]])

    assert refusal(HEADERS | {"webhook-signature": endless}) == "mismatch"


def test_several_secrets_are_apart_by_spaces() -> None:
    assert secret_keys(f" {secret(KEY)}  {secret(OTHER)} ") == (KEY, OTHER)


@pytest.mark.parametrize(
    "text", ["", " ", "whsec_", "whsec_!!!", secret(b"k" * 23), secret(b"k" * 65), base64.b64encode(KEY).decode()]
)
def test_what_is_no_secret_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(SecretInvalid) as refused:
        secret_keys(text)

    assert str(refused.value) in ("there is no secret", "a secret is whsec_ and base64 of 24 to 64 bytes")


def test_texts_are_compared_whole() -> None:
    assert equal("abc", "abc")
    assert not equal("abc", "abcd")
    assert not equal("", "a")
