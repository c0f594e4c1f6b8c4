"""Keeps each gateway to itself: its own connections, its own rate, its own circuit breaker."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import timedelta

import structlog
from aiolimiter import AsyncLimiter

from services.notify.channels import Channel, Message
from services.notify.domain.outcomes import Deferred, HandedOver, Setback
from services.notify.domain.sending.breakers import (
    Breaker,
    BreakerRule,
    Closed,
    HalfOpen,
    Open,
    admit,
    after_failure,
    after_success,
    opens_in,
)
from shared.adapters.clock import Clock
from shared.delivery.vitals import Vitals
from shared.process import metrics
from shared.values import value

BUSY, BREAKER_OPEN, STOPPING = "gateway_busy", "breaker_open", "stopping"
FAILING = (Setback.GATEWAY, Setback.UNTAKEN)
STATES = {Closed: 0, HalfOpen: 1, Open: 2}
RECENT_SHARE = 0.1  # of the last message in how long one takes
BURST_SECONDS = 0.1  # so much of a second's messages may go at once

log = structlog.get_logger()


@value
class Limits:
    """What a gateway is given at most.

    Args:
        at_once_max: Messages on their way at the same time.
        queue_within: How long a message waits for its turn before it is put off, so that a slow gateway holds nobody.
        messages_per_second: None for as many as there are.
    """

    at_once_max: int
    queue_within: timedelta
    messages_per_second: float | None = None


class IsolatedChannel:
    """One gateway, given no more than it may get, and left alone while it fails.

    A message that does not get its turn in time, or meets an open breaker, is put off without having been tried.

    Args:
        gateway: Its name in metrics and logs.
        channel: What sends.
        vitals: Once they say that the service is stopping, nobody's turn comes any more.
    """

    def __init__(
        self, gateway: str, channel: Channel, limits: Limits, rule: BreakerRule, clock: Clock, vitals: Vitals
    ) -> None:
        self.gateway = gateway
        self.channel = channel
        self.limits = limits
        self.rule = rule
        self.clock = clock
        self.vitals = vitals
        self.waiting = 0
        self.seconds: float | None = None
        self.free = asyncio.Semaphore(limits.at_once_max)
        self.pace = _pace(limits.messages_per_second)
        self.breaker: Breaker = Closed()
        # Of several under one name, of which all but the last have been replaced, the last one says.
        metrics.GATEWAY_BREAKER.labels(gateway).set_function(lambda: STATES[type(self.breaker)])

    @property
    def send_within(self) -> timedelta:
        """Return what one message may take, waiting for its turn included."""
        return self.limits.queue_within + self.channel.send_within

    async def send(self, message: Message) -> HandedOver:
        """Return what the gateway made of the message, or that it was not asked."""
        if opens_in(self.breaker, self.clock.now()):
            return self.unasked(message, BREAKER_OPEN)
        expected = self.expected_wait()
        if expected > self.limits.queue_within or not await self.has_turn():
            return self.unasked(message, BUSY, expected)
        try:
            if self.vitals.stopping:
                return self.unasked(message, STOPPING)
            admitted = admit(self.breaker, self.rule, self.clock.now())
            if admitted is None:
                return self.unasked(message, BREAKER_OPEN)
            self.note(admitted)
            return await self.asked(message)
        finally:
            self.free.release()

    def expected_wait(self) -> timedelta:
        """Return how long one more message would wait for its turn, by how long the last ones took."""
        apart = (self.seconds or 0) / self.limits.at_once_max
        if self.limits.messages_per_second:
            apart = max(apart, 1 / self.limits.messages_per_second)
        return timedelta(seconds=self.waiting * apart)

    async def has_turn(self) -> bool:
        """Return whether it was a message's turn in time; then `free` must be released."""
        self.waiting += 1
        try:
            async with asyncio.timeout(self.limits.queue_within.total_seconds()):
                await self.free.acquire()
                try:
                    async with self.pace:
                        return True
                except BaseException:
                    self.free.release()
                    raise
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1

    async def asked(self, message: Message) -> HandedOver:
        """Return what the gateway made of the message, and learn from it; a bug of ours says nothing of the gateway."""
        began = time.monotonic()
        handed = await self.channel.send(message)
        fails = isinstance(handed, Deferred) and handed.setback in FAILING
        now = self.clock.now()
        self.note(after_failure(self.breaker, self.rule, now) if fails else after_success(self.breaker))
        seconds = time.monotonic() - began
        self.seconds = seconds if self.seconds is None else self.seconds + RECENT_SHARE * (seconds - self.seconds)
        metrics.GATEWAY_SECONDS.labels(self.gateway).observe(seconds)
        metrics.GATEWAY_OUTCOMES.labels(self.gateway, type(handed).__name__.lower()).inc()
        return handed

    def unasked(self, message: Message, error: str, wait_for: timedelta = timedelta()) -> Deferred:
        """Return that the gateway was not asked."""
        metrics.GATEWAY_OUTCOMES.labels(self.gateway, "unasked").inc()
        wait_for = max(wait_for, opens_in(self.breaker, self.clock.now()))
        return Deferred(message.channel, error, Setback.UNASKED, wait_for)

    def note(self, breaker: Breaker) -> None:
        """Note the state of the breaker, and log when it changes."""
        before, self.breaker = self.breaker, breaker
        if type(before) is not type(breaker):
            log.warning("breaker", gateway=self.gateway, state=type(breaker).__name__.lower())

    async def close(self) -> None:
        """Close the channel."""
        await self.channel.close()


def _pace(messages_per_second: float | None) -> AbstractAsyncContextManager[None]:
    if messages_per_second is None:
        return nullcontext()
    burst = max(1.0, messages_per_second * BURST_SECONDS)
    return AsyncLimiter(burst, burst / messages_per_second)
