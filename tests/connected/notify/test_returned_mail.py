"""A mail says to which address its reply goes and on its envelope who hears that it did not arrive."""

from datetime import timedelta

import pytest

from services.notify.domain.outcomes import Delivered
from services.notify.mail.addresses import MailAddresses, Returned
from shared.sealing_keys import as_text
from shared.signed_links import LinkKeys
from tests.builders import TICKET
from tests.connected.notify.relay import Relay
from tests.connected.notify.test_smtp import channel, message
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.loopback

KEYS = {"b": b"k" * 32}
ADDRESSES = MailAddresses("lapor@kota.example", LinkKeys(KEYS))
SET = {"reply_address": "lapor@kota.example", "TINDAK_LINK_KEYS": as_text(KEYS), "smtp_reply_to": "humas@kota.example"}
REPLY_TO = "lapor+aaaa@kota.example"


async def test_who_cannot_deliver_a_mail_says_so_to_an_address_that_names_its_delivery() -> None:
    relay = Relay()
    with relay.listening():
        async with channel(relay, **SET) as smtp:
            handed = await smtp.send(message())
            again = await smtp.send(message())

    assert handed == again == Delivered("email", f"<{DELIVERY}@tangsel.example>", timedelta(days=1))
    (sender,) = set(relay.senders)
    assert sender is not None
    returned = ADDRESSES.read([sender.upper()], NOON)
    assert isinstance(returned, Returned)
    assert (returned.ticket_id, returned.is_about(DELIVERY)) == (TICKET, True)
    assert relay.mails[0]["From"].addresses[0].addr_spec == "lapor@tangsel.example"


@pytest.mark.parametrize(("given", "expected"), [(REPLY_TO, REPLY_TO), (None, "humas@kota.example")])
async def test_a_reply_goes_where_the_message_says_and_else_where_the_settings_say(
    given: str | None, expected: str
) -> None:
    relay = Relay()
    with relay.listening():
        async with channel(relay, **SET) as smtp:
            await smtp.send(message(reply_to=given))

    assert relay.mails[0]["Reply-To"] == expected
    assert relay.mails[0]["Auto-Submitted"] == "auto-generated"


async def test_without_an_address_for_replies_the_envelope_is_as_ever() -> None:
    relay = Relay()
    with relay.listening():
        async with channel(relay) as smtp:
            handed = await smtp.send(message())

    assert relay.senders == ["lapor@tangsel.example"]
    assert handed == Delivered("email", f"<{DELIVERY}@tangsel.example>")
