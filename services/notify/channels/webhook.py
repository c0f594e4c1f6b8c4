"""Posts to one server of an agency's or a channel's, signed; errors carry a code, never what the server said."""

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta

import httpx

from services.notify.channels import Message
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from shared.signatures import signed_headers
from shared.values import value

TYPE = "tindak.notice.v1"
CONTENT_TYPE = "application/cloudevents+json"
LATER = frozenset({408, 425, 429})
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenTarget(Exception):
    """A host lies in a network of our own, or is none."""


@value
class Endpoint:
    """Where a server takes its calls, and the keys that sign them, the newest first."""

    url: str
    keys: tuple[bytes, ...] = field(repr=False)


class Caller:
    """Makes the calls of all webhooks.

    Args:
        now: Returns the time that is signed.
        timeout: What one call may take in all, connecting included.
        is_local: Whether a target may lie on this machine or in a private network.
        trust: What certificates are checked against; None for those that the system trusts.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        timeout: timedelta,
        *,
        is_local: bool = False,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.now = now
        self.timeout = timeout
        self.is_local = is_local
        self.client = httpx.AsyncClient(
            verify=trust or ssl.create_default_context(),
            # How many there are is bounded for each server, so that none takes another's. A kept connection would be
            # found by the address that it goes to, and one address may be many hosts'.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            timeout=httpx.Timeout(timeout.total_seconds()),
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve the name once more, and reach what we may not
        )

    async def post(self, endpoint: Endpoint, message: Message) -> int:
        """Return the status of the answer; what it says is not even read.

        Raises:
            ForbiddenTarget: The host lies where we may not call.
            httpx.HTTPError: There is no answer.
            OSError: The host's name leads nowhere.
        """
        body = message.record or content(message)
        target = httpx.URL(endpoint.url)
        # The name is resolved once, and what was checked is called: a second look-up might find another address.
        address = await self.resolved(target.host, target.port or (443 if target.scheme == "https" else 80))
        headers = {
            "host": target.netloc.decode(),
            "content-type": CONTENT_TYPE,
            **signed_headers(message.id, body, endpoint.keys, self.now()),
        }
        request = self.client.build_request(
            "POST", target.copy_with(host=address), content=body, headers=headers,
            extensions={"sni_hostname": target.host},
        )  # fmt: skip
        answer = await self.client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code

    async def resolved(self, host: str, port: int) -> str:
        """Return the first address of *host*; raise ForbiddenTarget if any of them is not open to all the world."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(info[4][0]) for info in found]
        if not addresses or not (self.is_local or all(is_public(address) for address in addresses)):
            raise ForbiddenTarget
        return addresses[0]

    async def close(self) -> None:
        """Let go of what is open."""
        await self.client.aclose()


class WebhookServer:
    """One server, to which each notice is posted as a signed CloudEvent (docs/webhooks.md).

    A notice has the same `webhook-id` at every attempt, so that a repeat can be recognised; it is not prevented.
    """

    def __init__(self, endpoint: Endpoint, caller: Caller) -> None:
        self.endpoint = endpoint
        self.caller = caller
        self.send_within = caller.timeout

    async def send(self, message: Message) -> HandedOver:
        """Return what the server made of the notice.

        2xx is delivered. Deferred: no answer in time, no connection, 408, 425, 429 or 5xx. Anything else is refused, so
        that the notice goes by its next channel: 410 and other 4xx, redirects, and a target that we may not call.
        """
        channel = message.channel
        try:
            async with asyncio.timeout(self.send_within.total_seconds()):
                status = await self.caller.post(self.endpoint, message)
        except ForbiddenTarget:
            return Refused(channel, "webhook_forbidden_target")
        except (TimeoutError, httpx.TimeoutException):
            return Deferred(channel, "webhook_timeout", Setback.GATEWAY)
        except (httpx.HTTPError, OSError) as error:
            return Deferred(channel, f"webhook_unreachable {type(error).__name__}", Setback.GATEWAY)
        if 200 <= status < 300:
            return Delivered(channel, message.id)
        if status in LATER or status >= 500:
            return Deferred(channel, f"webhook_{status}", Setback.GATEWAY)
        return Refused(channel, f"webhook_{status}")

    async def close(self) -> None:
        """Keep the caller open, for it is everybody's."""


def content(message: Message) -> bytes:
    """Return the body: a CloudEvent in structured mode that holds what a mail of this notice would, and no more."""
    data = {
        "notice": message.notice,
        "recipient_role": message.role,
        "agency": message.address,
        "ticket_id": message.ticket_id,
        "tracking_id": message.tracking_id,
        "due_at": message.due_at and _instant(message.due_at),
        "language": message.language,
        "subject": message.subject,
        "text": message.body,
    }
    event = {
        "specversion": "1.0",
        "id": message.id,
        "source": "/tindak/notify",
        "type": TYPE,
        "time": _instant(message.written_at),
        "subject": message.ticket_id,
        "datacontenttype": "application/json",
        "data": {name: value for name, value in data.items() if value is not None},
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def is_public(text: str) -> bool:
    """Return whether an address is open to all the world, as is the one within it where it stands for an IPv4 one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    within = _within(address)
    return address.is_global and not address.is_multicast and (within is None or is_public(str(within)))


def _within(address: Address) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
