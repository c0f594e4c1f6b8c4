"""The channel that sends through an HTTP gateway as gateways.yaml describes it.

Errors carry codes only: a status, and a code that the description knows. Nothing else that a provider says is kept.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
from jinja2 import Environment, Template, meta
from pydantic import JsonValue, SecretStr

from services.notify.channels import Message
from services.notify.channels.phone_numbers import UnusableNumber, written
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.policy.gateways import (
    ENVIRONMENT,
    Authentication,
    Basic,
    Bearer,
    Gateway,
    Header,
    template_environment,
)
from services.notify.references import ReceiptRequest

ANSWER_BYTES_MAX = 64 * 1024
ID_CHARACTERS_MAX = 200
CONNECT_SHARE = 0.5  # of the time for a message; a gateway that cannot be reached by then surely has not taken it
SECONDS_DIGITS_MAX = 6
CONTENT = {"json": "json", "form": "data", "query": "params"}
ASKING = ("reference", "receipt_url")
SURELY_UNTAKEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Secrets = Mapping[str, SecretStr]
"""What the environment holds for a gateway, by the name of the variable."""


class HttpChannel:
    """Sends through one gateway, over connections of its own that it keeps for the next messages.

    A message goes out with the same id at every attempt, so that a gateway that knows such ids takes it once; from
    one that does not, a message whose answer was lost may arrive twice. Redirects are not followed.

    Args:
        gateway: Its description.
        secrets: Every variable that it names.
        send_within: What one message may take, connecting and reading the answer included.
        receipts: How it is asked to say what becomes of a message; None if it is not.
    """

    def __init__(
        self, gateway: Gateway, secrets: Secrets, send_within: timedelta, receipts: ReceiptRequest | None = None
    ) -> None:
        self.gateway = gateway
        self.receipts = receipts
        self.send_within = send_within
        self.given = {name: secrets[variable].get_secret_value() for name, variable in gateway.environment.items()}
        plain, in_url = template_environment(), template_environment()
        # Each value is one segment of the path or a part of one, whatever it holds.
        in_url.finalize = lambda given: quote(str(given), safe=":")
        self.url = self.prepared(in_url, gateway.url)
        self.headers = _mapped(gateway.headers, partial(self.prepared, plain))
        self.body = _mapped(gateway.body, partial(self.prepared, plain))
        # What asks for receipts is left out where nobody asks.
        self.asking = {name for name, leaf in gateway.body.items() if any(word in str(leaf) for word in ASKING)}
        trust = ssl.create_default_context()
        clients = [self.client(secrets, trust) for _ in range(gateway.connections_max)]
        # One connection each: a pool of httpx looks at every connection that it holds whenever one is taken or given
        # back, which takes longer than all else once there are eight. Last used, first taken: few are kept open.
        self.free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for client in clients:
            self.free.put_nowait(client)
        self.clients = tuple(clients)

    def prepared(self, environment: Environment, leaf: Any) -> Any:
        """Return the template that a leaf of the description is; what is the same for every message is rendered now."""
        if not isinstance(leaf, str):
            return leaf
        template = environment.from_string(leaf)
        varies = meta.find_undeclared_variables(environment.parse(leaf)) - {ENVIRONMENT}
        return template if varies else template.render({ENVIRONMENT: self.given})

    def client(self, secrets: Secrets, trust: ssl.SSLContext) -> httpx.AsyncClient:
        """Return what holds one connection to the gateway."""
        gateway, seconds = self.gateway, self.send_within.total_seconds()
        is_here = gateway.url.startswith("http://127.0.0.1")
        return httpx.AsyncClient(
            auth=_login(gateway.authentication, secrets),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tindak"}
            | _credentials(gateway.authentication, secrets),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx.Timeout(None, connect=CONNECT_SHARE * seconds),  # `send` has one for all of it
            verify=trust,
            follow_redirects=False,
            trust_env=not is_here,  # a city may need a proxy to get out, never to reach the machine itself
        )

    async def send(self, message: Message) -> HandedOver:
        """Return what the gateway made of the message."""
        try:
            to = written(message.address or "", self.gateway.address)
        except UnusableNumber as fault:
            return Refused(message.channel, str(fault))
        request = self.request(message, to)
        try:
            async with asyncio.timeout(self.send_within.total_seconds()):
                return self.read(message.channel, *await self.answered(request))
        except SURELY_UNTAKEN as error:
            return Deferred(message.channel, f"http_unreachable {type(error).__name__}", Setback.UNTAKEN)
        except (TimeoutError, httpx.TimeoutException) as error:
            return Deferred(message.channel, f"http_timeout {type(error).__name__}", Setback.GATEWAY)
        except httpx.HTTPError as error:
            return Deferred(message.channel, f"http_broken {type(error).__name__}", Setback.GATEWAY)

    def request(self, message: Message, to: str) -> httpx.Request:
        """Return what is sent; every value is encoded by the form of the body, so that none breaks out of it."""
        values = {
            "to": to, "text": message.body.strip(), "subject": message.subject, "id": message.id,
            "ticket_id": message.ticket_id, "notice": message.notice, "language": message.language,
            "reference": self.receipts.reference(message) if self.receipts else "",
            "receipt_url": self.receipts.url(message) if self.receipts else "", ENVIRONMENT: self.given,
        }  # fmt: skip
        rendered = _mapped(self.body, partial(_rendered, values))
        body = {name: value for name, value in rendered.items() if value or name not in self.asking}
        headers = _mapped(self.headers, partial(_rendered, values))
        content: dict[str, Any] = {CONTENT[self.gateway.format]: body}
        url = _rendered(values, self.url)
        return self.clients[0].build_request(self.gateway.method, url, headers=headers, **content)

    async def answered(self, request: httpx.Request) -> tuple[int, httpx.Headers, JsonValue]:
        """Return status, headers and the JSON of the answer; None for one that is none, or too long."""
        client = await self.free.get()
        try:
            answer = await client.send(request, stream=True)
            try:
                found = bytearray()
                async for chunk in answer.aiter_raw():
                    found += chunk
                    if len(found) > ANSWER_BYTES_MAX:
                        return answer.status_code, answer.headers, None
            finally:
                await answer.aclose()
        finally:
            self.free.put_nowait(client)
        try:
            said: JsonValue = json.loads(found)
        except (ValueError, RecursionError):
            said = None
        return answer.status_code, answer.headers, said

    def read(self, channel: str, status: int, headers: httpx.Headers, said: JsonValue) -> HandedOver:
        """Return what an answer means."""
        form = self.gateway.answer
        given = _text(_at(said, form.code)) if form.code else None
        known = (form.refused, form.untaken, form.deferred)
        code = given if any(given in signs.codes for signs in known) else None
        error = f"http_{status} {code}" if code else f"http_{status}"
        wait_for = _wait_of(headers, _at(said, form.retry_after) if form.retry_after else None)
        if code in form.refused.codes or (code is None and status in form.refused.statuses):
            return Refused(channel, error)
        if code in form.untaken.codes or (code is None and status in form.untaken.statuses):
            return Deferred(channel, error, Setback.UNTAKEN, wait_for)
        if code is None and status in form.success.statuses:
            message_id = _text(_at(said, form.message_id)) if form.message_id else None
            if self.is_success(said) and (message_id or not form.message_id):
                return Delivered(channel, message_id, self.receipts.within if self.receipts else None)
            # A status of success and no word of it: nobody knows what that means.
            return Deferred(channel, f"{error} unreadable", Setback.GATEWAY, wait_for)
        is_ours = code is not None or 400 <= status < 500
        return Deferred(channel, error, Setback.MESSAGE if is_ours else Setback.GATEWAY, wait_for)

    def is_success(self, said: JsonValue) -> bool:
        """Return whether the value by which success is told is there, where the description names one."""
        success = self.gateway.answer.success
        return success.path is None or _text(_at(said, success.path)) in success.values

    async def close(self) -> None:
        """Close every connection."""
        for client in self.clients:
            await client.aclose()


def _rendered(values: Mapping[str, object], leaf: Any) -> Any:
    return leaf.render(values) if isinstance(leaf, Template) else leaf


def _mapped(node: Any, leaf: Callable[[Any], Any]) -> Any:
    """Return *node* with what *leaf* makes of each value that holds no others."""
    if isinstance(node, dict):
        return {name: _mapped(value, leaf) for name, value in node.items()}
    return [_mapped(value, leaf) for value in node] if isinstance(node, list) else leaf(node)


def _at(said: JsonValue, place: str) -> JsonValue:
    """Return the value at *place*; None if there is none."""
    for step in place.split("."):
        if isinstance(said, dict):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return None
    return said


def _text(found: JsonValue) -> str | None:
    """Return a value as text, as it stands in JSON; None for what is none, or no id and no code by its looks."""
    if found is None or isinstance(found, dict | list):
        return None
    text = found if isinstance(found, str) else json.dumps(found)
    return text if text.isascii() and text.isprintable() and 0 < len(text) <= ID_CHARACTERS_MAX else None


def _login(own: Authentication | None, secrets: Secrets) -> httpx.BasicAuth | None:
    if not isinstance(own, Basic):
        return None
    return httpx.BasicAuth(secrets[own.user].get_secret_value(), secrets[own.password].get_secret_value())


def _credentials(own: Authentication | None, secrets: Secrets) -> dict[str, str]:
    match own:
        case Bearer():
            return {"Authorization": f"Bearer {secrets[own.token].get_secret_value()}"}
        case Header():
            return {own.name: secrets[own.value].get_secret_value()}
        case _:
            return {}


def _wait_of(headers: httpx.Headers, said: JsonValue) -> timedelta:
    """Return how long the gateway wants to be left alone, zero if it does not say so; never negative."""
    asked = _text(said) or headers.get("retry-after", "").strip()
    if asked.isdecimal() and len(asked) <= SECONDS_DIGITS_MAX:
        return timedelta(seconds=int(asked))
    try:
        return max(parsedate_to_datetime(asked) - datetime.now(UTC), timedelta())
    except (ValueError, TypeError, OverflowError):
        return timedelta()
