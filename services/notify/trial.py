"""Sends one message that concerns no ticket, to see whether a channel works."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from services.notify.app import channels
from services.notify.channels import Channel, Message, TemporarilyUndeliverable, Undeliverable
from services.notify.domain.deliveries import Deferred, Delivered, Refused
from services.notify.settings import Settings
from shared.process.settings import CommonSettings
from shared.sealing_keys import PRIVATE_KEYS
from shared.values import value

SUBJECT = "Pesan uji Tindak / Tindak test message"
BODY = """\
Pesan ini dikirim untuk menguji saluran pemberitahuan. Tidak ada yang perlu Anda lakukan.

This message was sent to test a channel for notices. You need not do anything.
"""


@value
class Tried:
    """What became of the message: the outcome, or none if the channel is not among those that are set up."""

    set_up: tuple[str, ...]
    outcome: Delivered | Deferred | Refused | None


async def try_channel(settings: CommonSettings, name: str, address: str) -> Tried:
    """Return what the channel of that name makes of a message to *address*.

    Raises:
        ValueError: A setting of notify holds something impossible.
    """
    # The test opens no contact, so it works without the keys.
    found: Mapping[str, Channel] = channels(settings, Settings.model_validate({PRIVATE_KEYS: ""}))
    try:
        outcome = await _handed_over(found[name], _message(name, address)) if name in found else None
        return Tried(tuple(found), outcome)
    finally:
        for channel in found.values():
            await channel.close()


async def _handed_over(channel: Channel, message: Message) -> Delivered | Deferred | Refused:
    try:
        return Delivered(message.channel, await channel.send(message))
    except TemporarilyUndeliverable as fault:
        return Deferred(message.channel, str(fault))
    except Undeliverable as fault:
        return Refused(message.channel, str(fault))


def _message(channel: str, address: str) -> Message:
    id_ = str(uuid4())
    return Message(
        id=id_,
        ticket_id=id_,
        notice="test",
        role="ops",
        channel=channel,
        language="id",
        written_at=datetime.now(UTC),
        address=address,
        subject=SUBJECT,
        body=BODY,
    )
