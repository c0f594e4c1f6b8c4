"""Servers that take messages and misbehave in every way: a mail relay, and gateways over HTTP."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.connected.notify.relay import Relay, free_port
from tests.servers.gateway import DOWN, DROPS, ENDLESS, Answer, Asked, StandInGateway

TIMEOUT_SECONDS = 2
GARBAGE, NO_HTTP = Answer(200, b"<html>ok</html>"), Answer(raw=b"\x00 what a day \r\n\r\n")
BUSY = Answer(429, {}, {"Retry-After": "2"})
TAKEN = {"messages": [{"id": "wamid.1"}], "sid": "SM1"}
TOO_SLOW = Answer(200, TAKEN, after_seconds=TIMEOUT_SECONDS + 1)
UNSURE = (DROPS, GARBAGE, NO_HTTP, TOO_SLOW, ENDLESS)
"""After these nobody knows whether the message was taken."""
DOWN_AFTER_SECONDS, DOWN_FOR_SECONDS = 4, 5
LATER = ("451 4.7.1 greylisted", "421 4.3.2 later", "banana")


class Moody(StandInGateway):
    """Takes most messages, refuses those that *refusal_of* says, does all wrong now and then, and is down for a while.

    Args:
        key_of: Returns what tells a message from the others.
        refusal_of: Returns how a message is refused; None for one that is not.
        taken: The answer to a message that is taken.
    """

    def __init__(
        self,
        key_of: Callable[[Asked], str],
        refusal_of: Callable[[str], Answer | None],
        taken: Answer,
        seed: int,
        unsure: tuple[Answer, ...] = UNSURE,
    ) -> None:
        super().__init__(usual=self.answers)
        self.key_of, self.refusal_of = key_of, refusal_of
        self.port = free_port()
        self.choice = random.Random(seed)
        self.answer_of_taken, self.unsure_answers = taken, unsure
        self.unsure = 0
        self.took: Counter[str] = Counter()
        self.moods_shown: set[int] = set()

    def answers(self, asked: Asked) -> Answer:
        key = self.key_of(asked)
        refusal = self.refusal_of(key)
        if refusal is not None:
            return refusal
        takes = self.answer_of_taken
        moods = (takes, replace(takes, after_seconds=0.3), DOWN, BUSY, *self.unsure_answers)
        place = self.choice.choices(range(len(moods)), weights=(70, 8, 5, 5, *(3 for _ in self.unsure_answers)))[0]
        answer = moods[place]
        self.moods_shown.add(place)
        if answer in self.unsure_answers:
            self.unsure += 1
        if answer not in (DOWN, BUSY):
            self.took[key] += 1
        return answer

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        async with super().listening():
            yield
            self.unsure += self.at_once  # what is being answered now is cut off


class MoodyRelay(Relay):
    """The same for mail; it refuses addresses that end in 8."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.choice = random.Random(seed)
        self.unsure = 0
        self.at_once = 0
        self.shown: set[str] = set()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.partition("@")[0].endswith("8"):
            return "550 5.1.1 nobody here"
        if self.choice.random() < 0.2:
            self.to_recipient = [self.choice.choice(LATER)]
            self.shown |= set(self.to_recipient)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        moods = ("takes", "slow", "too slow", "drops", "garbage", "later")
        (mood,) = self.choice.choices(moods, weights=(75, 8, 4, 4, 4, 5))
        self.shown.add(mood)
        if mood == "later":
            return "452 4.3.1 no room"
        self.at_once += 1
        answer = await super().handle_DATA(server, session, envelope)
        if mood in ("slow", "too slow"):
            await asyncio.sleep(0.3 if mood == "slow" else TIMEOUT_SECONDS + 1)
        self.at_once -= 1
        self.unsure += mood in ("too slow", "drops", "garbage")
        if mood == "drops":
            server.transport.abort()
        return "banana" if mood == "garbage" else answer

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer for as long as the block lasts."""
        with Relay.listening(self):
            yield
            self.unsure += self.at_once  # what is being answered now is cut off


async def serve(
    server: Callable[[], AbstractAsyncContextManager[None]], begun: asyncio.Event, over: asyncio.Event
) -> None:
    """Answer until it is over, but for a while in the middle in which nobody listens."""
    async with server():
        await begun.wait()
        await asyncio.sleep(DOWN_AFTER_SECONDS)
    await asyncio.sleep(DOWN_FOR_SECONDS)
    async with server():
        await over.wait()
