"""Delivers within the house: to the log, where no gateway is set up that could take the message out."""

import logging
from collections.abc import Collection

import structlog

from services.notify.channels.log import write
from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.domain.outcomes import Deferred, Delivered, Outcome, Withheld
from services.notify.messages.renderer import LOG, MessageRenderer, Reached
from shared.delivery.guard import Bug, guarded

LANGUAGES_MAX = 2_000

log = structlog.get_logger()


class LogHouse:
    """Writes to the log what may go there and has no gateway, see `services.notify.domain.sending.attempts.House`.

    All that comes out is a line that holds nothing of the message, so none is rendered. The line is written before
    the outcome is saved: a decision that is made again, after a crash or a lost save, writes it once more.

    Of readers who can be reached the language is remembered, and nothing else: opening a reporter's contact takes
    longer than all the rest. What is said of opened contacts is the same: an opening too many rather than one too few
    (ADR 0052).

    Args:
        renderer: Knows who reads a notice.
        gateways: The channels that are set up and leave the house.
    """

    def __init__(self, renderer: MessageRenderer, gateways: Collection[str]) -> None:
        self.renderer = renderer
        self.use_gateways(gateways)
        self.policy = renderer.policy
        self.languages: dict[tuple[str, str | None], str] = {}
        # Asked once: a line that is left out costs nothing then.
        self.writes: bool = log.is_enabled_for(logging.INFO)

    def use_gateways(self, gateways: Collection[str]) -> None:
        """Leave to *gateways* what they may take, from now on."""
        self.gateways = frozenset(gateways)

    def holds(self, delivery: Delivery) -> bool:
        """Return whether no gateway may take *delivery*, and the log may."""
        return LOG in delivery.channels and self.gateways.isdisjoint(delivery.channels)

    def deliver(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return how it went; a bug of ours is the outcome of this delivery alone, and it is tried again."""
        outcome = guarded(self.written, state, delivery)
        if not isinstance(outcome, Bug):
            return outcome
        log.error("a bug ended an attempt", delivery_id=delivery.id, channel=LOG, error=outcome.error)
        return Deferred(LOG, f"bug {outcome.error}")

    def written(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return the outcome once the line is written, or why there is nobody to be told."""
        language = self.language(state, delivery)
        if not isinstance(language, str):
            return language
        if self.writes:
            write(state.ticket_id, delivery.id, delivery.notice, delivery.role, language)
        return Delivered(LOG)

    def language(self, state: Correspondence, delivery: Delivery) -> str | Withheld | Deferred:
        """Return the language of who reads *delivery*, or why nobody can be reached."""
        if self.policy is not self.renderer.policy or len(self.languages) >= LANGUAGES_MAX:
            self.policy, self.languages = self.renderer.policy, {}
        reader = _reader(state, delivery)
        if reader in self.languages:
            return self.languages[reader]
        found = self.renderer.reached(state, delivery, (LOG,))
        if not isinstance(found, Reached):
            return found
        if reader is not None:
            self.languages[reader] = found.recipient.language
        return found.recipient.language


def _reader(state: Correspondence, delivery: Delivery) -> tuple[str, str | None] | None:
    """Return what tells who reads *delivery* from everybody else; None for a reporter without a contact."""
    if delivery.role != REPORTER:
        return delivery.role, delivery.agency
    return (state.ticket_id, state.contact.sealed) if isinstance(state.contact, Sealed) else None
