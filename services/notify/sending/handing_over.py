"""Hands messages over to their channels, within what their leases allow."""

from collections.abc import Mapping
from functools import partial

import structlog

from services.notify.channels import Channel, Message
from services.notify.domain.deliveries import Sending
from services.notify.domain.outcomes import Deferred, HandedOver, Setback, Untried
from shared.adapters.clock import Clock
from shared.delivery.guard import Bug, guarded_call
from shared.delivery.vitals import Vitals

log = structlog.get_logger()


class HandOver:
    """Gives each message to its channel.

    Args:
        vitals: Once they say that the service is stopping, no further message is begun.
    """

    def __init__(self, channels: Mapping[str, Channel], clock: Clock, vitals: Vitals) -> None:
        self.channels = channels
        self.clock = clock
        self.vitals = vitals

    def may_begin(self, message: Message, lease: Sending) -> bool:
        """Return whether *message* may be begun now; not by a channel that another policy has just taken away.

        Its lease must leave the time that its channel may take, and as long again to save how it went: whoever takes
        over an expired lease sends the message once more.
        """
        channel = self.channels.get(message.channel)
        return (
            channel is not None
            and not self.vitals.stopping
            and self.clock.now() + 2 * channel.send_within <= lease.until
        )

    async def send(self, message: Message) -> HandedOver | Untried:
        """Return what the message's channel makes of it; what no gateway was asked for since we stop is not tried."""
        channel = self.channels.get(message.channel)
        if channel is None:
            return Untried()
        handed = await guarded_call(partial(channel.send, message))
        if isinstance(handed, Bug):
            # Not refused: nobody knows how far the channel came, and by the next one it might arrive twice.
            return deferred(handed, message.id, message.channel)
        is_unasked = isinstance(handed, Deferred) and handed.setback is Setback.UNASKED
        return Untried() if is_unasked and self.vitals.stopping else handed


def deferred(bug: Bug, delivery_id: str, channel: str) -> Deferred:
    """Return the outcome of an attempt that a bug of ours ended: it is made again, as often as any other."""
    log.error("a bug ended an attempt", delivery_id=delivery_id, channel=channel, error=bug.error)
    return Deferred(channel, f"bug {bug.error}")
