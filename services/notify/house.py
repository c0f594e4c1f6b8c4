"""Delivers within the house: to the log, where no gateway is set up that could take the message out."""

from collections.abc import Collection
from functools import partial

import structlog

from services.notify.channels.log import write
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Deferred, Delivered, Delivery, Outcome
from services.notify.messages.renderer import LOG, MessageRenderer, Reached
from shared.delivery.guard import Bug, guarded

log = structlog.get_logger()


class LogHouse:
    """Writes to the log what may go there and has no gateway, see `services.notify.domain.attempts.House`.

    All that comes out is a line that holds nothing of the message, so none is rendered. The line is written before
    the outcome is saved: a decision that is made again, after a crash or a lost save, writes it once more.

    Args:
        renderer: Knows who reads a notice.
        gateways: The channels that are set up and leave the house.
    """

    def __init__(self, renderer: MessageRenderer, gateways: Collection[str]) -> None:
        self.renderer = renderer
        self.gateways = frozenset(gateways)

    def holds(self, delivery: Delivery) -> bool:
        """Return whether no gateway may take *delivery*, and the log may."""
        return LOG in delivery.channels and self.gateways.isdisjoint(delivery.channels)

    def deliver(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return how it went; a bug of ours is the outcome of this delivery alone, and it is tried again."""
        outcome = guarded(partial(self.written, state, delivery))
        if not isinstance(outcome, Bug):
            return outcome
        log.error("a bug ended an attempt", delivery_id=delivery.id, channel=LOG, error=outcome.error)
        return Deferred(LOG, f"bug {outcome.error}")

    def written(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return the outcome once the line is written, or why there is nobody to be told."""
        found = self.renderer.reached(state, delivery, (LOG,))
        if not isinstance(found, Reached):
            return found
        write(state.ticket_id, delivery.id, delivery.notice, delivery.role, found.recipient.language)
        return Delivered(LOG)
