"""The channel that posts notices to an agency's own server, signed; errors carry a code, never what the server said."""

import asyncio
import ipaddress
import json
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta

import httpx

from services.notify.channels import Message
from services.notify.domain.deliveries import Deferred, Delivered, HandedOver, Refused
from shared.policy.agencies import AgencyDirectory
from shared.signatures import SecretInvalid, secret_keys, signed_headers
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
    """Where an agency takes its notices, and the keys that sign them, the newest first."""

    url: str
    keys: tuple[bytes, ...] = field(repr=False)


class WebhookChannel:
    """Posts each notice to its agency as a signed CloudEvent (docs/webhooks.md); the message's address is a code.

    A notice has the same `webhook-id` at every attempt, so that a repeat can be recognised; it is not prevented.

    Args:
        environment: Holds the secrets, under the names that the directory says.
        now: Returns the time that is signed.
        timeout: What one notice may take in all, connecting included.
        connections_max: Calls on their way at the same time; what waits for one uses up its own time.
        is_local: Whether a target may lie on this machine or in a private network.
        trust: What certificates are checked against; None for those that the system trusts.
    """

    def __init__(
        self,
        directory: AgencyDirectory,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
        *,
        timeout: timedelta,
        connections_max: int,
        is_local: bool = False,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.environment = environment
        self.now = now
        self.send_within = timeout
        self.is_local = is_local
        # One server that is slow takes half of the calls at most, and leaves the others theirs.
        self.turns: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(max(connections_max // 2, 1))
        )
        self.endpoints: dict[str, Endpoint] = {}
        self.mute: list[str] = []
        self.use_directory(directory)
        self.client = httpx.AsyncClient(
            verify=trust or ssl.create_default_context(),
            # A kept connection would be found by the address that it goes to, and one address may be many hosts'.
            limits=httpx.Limits(max_connections=connections_max, max_keepalive_connections=0),
            timeout=httpx.Timeout(timeout.total_seconds()),
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve the name once more, and reach what we may not
        )

    def use_directory(self, directory: AgencyDirectory) -> None:
        """Use the webhooks of *directory* from now on."""
        self.endpoints = endpoints_of(directory, self.environment)
        self.mute = [each.code for each in directory.agencies if each.webhook and each.code not in self.endpoints]

    def remark(self) -> str:
        """Return which agencies get mail because the secret of their webhook is missing, or is none; empty for none."""
        return f"no secret for the webhook of {', '.join(self.mute)}" if self.mute else ""

    async def send(self, message: Message) -> HandedOver:
        """Return what the agency's server made of the notice; what is deferred says nothing of other agencies' servers.

        2xx is delivered. Deferred: no answer in time, no connection, 408, 425, 429 or 5xx. Anything else is refused, so
        that the notice goes by its next channel: 410 and other 4xx, redirects, and a target that we may not call.
        """
        channel, endpoint = message.channel, self.endpoints.get(message.address or "")
        if endpoint is None:
            return Refused(channel, "webhook_not_set_up")
        try:
            async with asyncio.timeout(self.send_within.total_seconds()), self.turns[endpoint.url]:
                status = await self.post(endpoint, message)
        except ForbiddenTarget:
            return Refused(channel, "webhook_forbidden_target")
        except (TimeoutError, httpx.TimeoutException):
            return Deferred(channel, "webhook_timeout")
        except (httpx.HTTPError, OSError) as error:
            return Deferred(channel, f"webhook_unreachable {type(error).__name__}")
        if 200 <= status < 300:
            return Delivered(channel, message.id)
        if status in LATER or status >= 500:
            return Deferred(channel, f"webhook_{status}")
        return Refused(channel, f"webhook_{status}")

    async def post(self, endpoint: Endpoint, message: Message) -> int:
        """Return the status of the answer; what it says is not even read.

        Raises:
            ForbiddenTarget: The host lies where we may not call.
            httpx.HTTPError: There is no answer.
            OSError: The host's name leads nowhere.
        """
        body = content(message)
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


def endpoints_of(directory: AgencyDirectory, environment: Mapping[str, str]) -> dict[str, Endpoint]:
    """Return where each agency takes its notices, by its code, as far as its secret is there and is one."""
    found: dict[str, Endpoint] = {}
    for agency in directory.agencies:
        if agency.webhook is not None:
            try:
                keys = secret_keys(environment.get(agency.webhook.secret_env, ""))
            except SecretInvalid:
                continue
            found[agency.code] = Endpoint(agency.webhook.url, keys)
    return found


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
