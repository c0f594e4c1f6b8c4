"""Shares the messages of one channel among its gateways."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from services.notify.channels import Channel, Message
from services.notify.domain.outcomes import Deferred, HandedOver, Setback
from services.notify.domain.sending.arrivals import Arrivals, SlowRule, after_receipt, is_slow
from services.notify.domain.sending.shares import ShareRule, after_failure, at_rest, drifted, order
from shared.adapters.clock import Clock
from shared.process import metrics
from shared.values import replace

NEVER_CAME_THERE = (Setback.UNTAKEN, Setback.UNASKED)
FAILING = (Setback.UNTAKEN, Setback.GATEWAY)
AS_A_RULE = SlowRule()

log = structlog.get_logger()


class BalancedChannel:
    """Several gateways as one channel.

    A message goes to one of them, drawn by their shares. Only if that one has surely not taken it, the next may be
    given it at once: of any other, nobody knows whether it would arrive twice.

    Args:
        gateways: By code.
        weights: Their shares at rest.
        draw: Returns a number from 0 to just under 1.
        slow: When a gateway whose receipts come late loses some of its share.
    """

    def __init__(
        self,
        gateways: Mapping[str, Channel],
        weights: Mapping[str, int],
        rule: ShareRule,
        clock: Clock,
        draw: Callable[[], float],
        slow: SlowRule = AS_A_RULE,
    ) -> None:
        self.gateways = gateways
        self.shares = at_rest(weights)
        self.rule = rule
        self.clock = clock
        self.draw = draw
        self.slow = slow
        self.arrivals = dict.fromkeys(gateways, Arrivals())
        # Time for one gateway that is out of reach, and for one that takes the message.
        longest = max(gateway.send_within for gateway in gateways.values())
        self.send_within = longest * min(len(gateways), 2)
        self.tell()

    async def send(self, message: Message) -> HandedOver:
        """Return what the first gateway made of the message that may have taken it, or the last that had time."""
        end = self.clock.now() + self.send_within
        self.shares = drifted(self.shares, self.rule, self.clock.now())
        first, *others = order(self.shares, self.draw())
        handed = await self.given_to(first, message)
        for code in others:
            is_free = isinstance(handed, Deferred) and handed.setback in NEVER_CAME_THERE
            if not is_free or self.clock.now() + self.gateways[code].send_within > end:
                break
            after = await self.given_to(code, message)
            handed = _more_telling(handed, after)
        return handed

    async def given_to(self, code: str, message: Message) -> HandedOver:
        """Return what one gateway made of the message; one that fails loses some of its share."""
        handed = await self.gateways[code].send(message)
        if isinstance(handed, Deferred) and handed.setback in FAILING:
            self.move_away(code, self.rule, handed.error)
        self.tell()
        return handed

    def note_arrival(self, code: str, took: timedelta) -> None:
        """Learn from a receipt how long a message was on its way; a gateway that is slow loses some of its share.

        Unless all are: then it is the network of those who read, or ours, that is slow.
        """
        now = self.clock.now()
        self.arrivals[code] = after_receipt(self.arrivals[code], took, self.slow, now)
        slow = {each for each, arrivals in self.arrivals.items() if is_slow(arrivals, self.slow, now)}
        if code in slow and slow != self.gateways.keys():
            self.move_away(code, replace(self.rule, apart_for=self.slow.apart_for), "slow receipts")
            self.tell()

    def move_away(self, code: str, rule: ShareRule, error: str) -> None:
        """Give the others a step of a gateway's share, unless that was done a short while ago."""
        before = self.shares
        self.shares = after_failure(before, code, rule, self.clock.now())
        if self.shares is not before:
            log.warning("share moved", gateway=code, points=self.shares.points[code], error=error)

    def tell(self) -> None:
        """Show the shares in the metrics."""
        for code, points in self.shares.points.items():
            metrics.GATEWAY_SHARE.labels(code).set(points)

    async def close(self) -> None:
        """Close every gateway."""
        for gateway in self.gateways.values():
            await gateway.close()


def _more_telling(first: HandedOver, second: HandedOver) -> HandedOver:
    """Return what says more of the message: whoever was asked; of those who were not, who can be asked first."""
    if not (isinstance(second, Deferred) and second.setback is Setback.UNASKED):
        return second
    is_sooner = isinstance(first, Deferred) and first.setback is Setback.UNASKED and second.wait_for < first.wait_for
    return second if is_sooner else first
