import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.mail_addresses import MAILBOX, UnusableAddress, header_address, is_usable, recipient_address

pytestmark = pytest.mark.unit

LONG_DOMAIN = ".".join(["x" * 61, "x" * 61, "x" * 62, "ex"])  # 189 characters


@pytest.mark.parametrize(
    "text",
    [
        "siti@warga.example", "siti.aminah@warga.example", "siti+lapor@sub.warga.example", "o'neil_1%x@warga-1.example",
        "1@2.example", "a@1.2.3.4", "{siti}~!#$&*/=?^`|-@warga.example", f"{'x' * 64}@warga.example",
        f"{'x' * 64}@{LONG_DOMAIN}", f"siti@{'x' * 63}.example", "siti@xn--wrga-loa.example",
    ],
)  # fmt: skip
def test_an_address_is_taken_as_it_is(text: str) -> None:
    assert recipient_address(text).addr_spec == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "siti", "@", "siti@", "@warga.example", "siti@warga", "siti@@warga.example", "siti@a@warga.example",
        "siti..a@warga.example", "siti.@warga.example", ".siti@warga.example", "siti@warga..example",
        "siti@warga.example.", "siti@.warga.example", "siti@-warga.example", "siti@warga-.example",
        "siti@warga_1.example",
        "siti aminah@warga.example", " siti@warga.example", "siti@warga.example ", "siti@warga .example",
        "siti\t@warga.example", "siti@warga.example\n", "siti@warga.example\r\nBcc: lain@warga.example",
        '"siti"@warga.example', '"siti aminah"@warga.example', "siti(a)@warga.example", "siti@[127.0.0.1]",
        "<siti@warga.example>", "Siti <siti@warga.example>", "siti@warga.example,lain@warga.example",
        "siti@warga.example;", "mailto:siti@warga.example", "siti\\@warga.example", "siti\x7f@warga.example",
        "=?utf-8?q?siti?=@warga.example", "=?utf-8?q?=0D=0ABcc:?=@warga.example", "08123456789",
        f"{'x' * 65}@warga.example", f"siti@{'x' * 64}.example", f"{'x' * 64}@x{LONG_DOMAIN}", "x" * 300,
        f"{'x.' * 120}x@warga.example",
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(UnusableAddress, match=r"^bad_address$"):
        recipient_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "sïti@warga.example",
        "siti@wärga.example",
        "siti＠warga.example",
        "siti@warga。example",
        "siti\u200b@warga.example",
    ],
)
def test_an_address_beyond_ascii_is_named_as_such(text: str) -> None:
    with pytest.raises(UnusableAddress, match=r"^address_not_ascii$"):
        recipient_address(text)


@pytest.mark.parametrize("text", ["lapor@localhost", '"lapor kota"@tangsel.example', "lapor@[127.0.0.1]"])
def test_our_own_address_may_be_whatever_a_header_can_hold(text: str) -> None:
    assert header_address(text).addr_spec == text


@pytest.mark.parametrize(
    "text", ["", "lapor@", " lapor@localhost", "lapor(kota)@localhost", "a..b@localhost", "a@b\nc"]
)
def test_an_address_that_a_header_would_change_is_refused(text: str) -> None:
    with pytest.raises(UnusableAddress, match=r"^bad_address$"):
        header_address(text)


@given(st.from_regex(MAILBOX, fullmatch=True) | st.text('a1.=?q-_@"( \n\u00e9', max_size=24))
@example("=?utf-8?q?siti?=@warga.example")
def test_what_is_usable_is_what_can_be_written_to(text: str) -> None:
    try:
        recipient_address(text)
    except UnusableAddress:
        assert not is_usable(text)
    else:
        assert is_usable(text)
