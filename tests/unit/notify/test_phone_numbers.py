import pytest

from services.notify.channels.phone_numbers import AddressForm, UnusableNumber, written

pytestmark = pytest.mark.unit

AS_WRITTEN = [
    "081234567890", "0812-3456-7890", "+62 812 3456 7890", "62812 3456 7890", "0062812.3456.7890", "812 3456 7890",
    "+62 (0)812 3456 7890", " (0812) 3456\u20137890 ", "+62812/3456/7890",
]  # fmt: skip


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_a_number_is_read_however_it_is_written(text: str) -> None:
    assert [written(text, form) for form in (AddressForm.E164, AddressForm.DIGITS, AddressForm.LOCAL)] == [
        "+6281234567890", "6281234567890", "081234567890",
    ]  # fmt: skip


def test_a_number_of_another_country_keeps_it() -> None:
    assert written("+65 6123 4567", AddressForm.E164) == "+6561234567"


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        ("", AddressForm.E164, "bad_number"), ("telepon", AddressForm.E164, "bad_number"),
        ("0812", AddressForm.E164, "bad_number"), ("+62812345678901234", AddressForm.E164, "bad_number"),
        ("08123\u0664567890", AddressForm.E164, "bad_number"), ("+0812345678", AddressForm.E164, "bad_number"),
        ("0812345678;+62811", AddressForm.DIGITS, "bad_number"), ("+6561234567", AddressForm.LOCAL, "foreign_number"),
        ("t.me/siti", AddressForm.CHAT, "bad_chat"), ("", AddressForm.CHAT, "bad_chat"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_by_a_code(text: str, form: AddressForm, code: str) -> None:
    with pytest.raises(UnusableNumber, match=f"^{code}$"):
        written(text, form)


@pytest.mark.parametrize("chat", ["42", "-100123456", "@dishub_tangsel"])
def test_a_chat_is_taken_as_it_is(chat: str) -> None:
    assert written(f" {chat} ", AddressForm.CHAT) == chat
