"""Sends one message that concerns no ticket, to see whether a channel works."""

import os
import random
from datetime import UTC, datetime
from uuid import uuid4

from services.notify.channels import Channel, Message
from services.notify.channels.setup import set_up, within_house
from services.notify.domain.outcomes import HandedOver
from services.notify.policy.gateways import load_gateways
from services.notify.settings import Settings
from shared.adapters.clock import SystemClock
from shared.delivery.vitals import Vitals
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
    outcome: HandedOver | None


async def try_channel(settings: CommonSettings, name: str, address: str) -> Tried:
    """Return what the channel of that name makes of a message to *address*.

    Raises:
        ValueError: A setting of notify holds something impossible.
        PolicyInvalid: gateways.yaml is not what it must be.
    """
    # The test opens no contact, so it works without the keys.
    own, (gateways, _) = Settings.model_validate({PRIVATE_KEYS: ""}), load_gateways(settings.policy_dir)
    leaving = set_up(own, gateways, os.environ, SystemClock(), Vitals(), random.random)
    found: dict[str, Channel] = {**leaving.channels, **within_house(settings.profile)}
    try:
        outcome = await found[name].send(_message(name, address)) if name in found else None
        return Tried(tuple(found), outcome)
    finally:
        for channel in found.values():
            await channel.close()


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
