"""The pages of notify over the ports in memory, as a browser asks for them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from services.notify.policy import NoticePolicy
from services.notify.web.app import application
from services.notify.web.pages import TicketPages
from services.notify.web.responses import ResponsePublisher
from shared import topics
from shared.events import Event, EventData, SlaClock, TicketAnswered, TicketRouted
from shared.signed_links import LinkKeys, LinkTarget, ticket_token
from tests.builders import TICKET, event
from tests.component.notify.harness import ACCEPTED, CONTACT, ServiceHarness
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import POLICY, rules, said, started

KEYS = LinkKeys({"a": b"k" * 32})
BASE = "https://lapor.tangsel.example"
UPDATES = topics.updates_topic("channel-links")
HIDDEN_FIELD = re.compile(r'name="form" value="([\w-]+)"')
ROUTED = said(TicketRouted)
ANSWERED = said(TicketAnswered, state="answered", version=3)
FEEDBACK = started(SlaClock.FEEDBACK)


class Site:
    """A site whose tickets have heard something, and somebody who reads it.

    ``clock`` is everybody's; ``said`` is what came to routing; ``nonces`` are drawn one after the other.
    """

    def __init__(self, policy: NoticePolicy = POLICY) -> None:
        self.harness = ServiceHarness(rules())
        self.clock = self.harness.clock
        self.drawn = 0
        responses = ResponsePublisher(self.harness.broker, timedelta(seconds=1))
        self.pages = TicketPages(KEYS, lambda: policy, self.harness.store, responses, self.clock, draw=self.draw)
        self.app = application(self.pages.routes())

    def draw(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count)

    async def hears(self, *said: EventData) -> None:
        for message in (CONTACT, ACCEPTED):
            self.harness.publish(*message)
        for data in said:
            self.harness.publish(topics.SLA if data.TYPE.startswith("tindak.sla") else topics.TICKETS, event(data))
        await self.harness.work()

    @property
    def said(self) -> list[Event]:
        return self.harness.published(UPDATES)

    @asynccontextmanager
    async def browser(self, client: str = "203.0.113.7") -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, client=(client, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as asking:
            yield asking

    async def get(self, path: str, **headers: str) -> httpx.Response:
        async with self.browser() as asking:
            return await asking.get(path, headers=headers)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        async with self.browser() as asking:
            return await asking.post(path, data=fields)

    async def form(self, path: str) -> str:
        """Return the signature of the form on a page."""
        found = HIDDEN_FIELD.search((await self.get(path)).text)
        assert found is not None
        return found[1]


def link(part: int = 0, ticket: str = TICKET, valid_for: timedelta = timedelta(days=30)) -> str:
    """Return the path of a link that was made at noon."""
    return f"/t/{ticket_token(KEYS, LinkTarget(ticket, part), NOON + valid_for)}"


async def site(*said: EventData, policy: NoticePolicy = POLICY) -> Site:
    """Return a site with a ticket of which this was said, after its report and contact."""
    made = Site(policy)
    await made.hears(*said)
    return made
