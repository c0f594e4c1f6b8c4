"""The servers of agencies and channels as one way: each is called by itself, and left alone by itself."""

from collections.abc import Mapping
from datetime import timedelta

from services.notify.channels import Message
from services.notify.channels.isolated import IsolatedChannel, Limits
from services.notify.channels.webhook import Caller, Endpoint, WebhookServer
from services.notify.domain.outcomes import HandedOver, Refused
from services.notify.domain.sending.breakers import BreakerRule
from shared.adapters.clock import Clock
from shared.delivery.vitals import Vitals
from shared.policy.channels import Webhook
from shared.process import metrics
from shared.signatures import SecretInvalid, secret_keys


class WebhookChannel:
    """Gives each notice to the server that its address names, see `WebhookServer`.

    Each has places and a circuit breaker of its own, so that one that is slow or dead takes nothing from another.

    Args:
        environment: Holds the secrets, under the names that the policy says.
        limits: Of each server.
    """

    def __init__(
        self, caller: Caller, environment: Mapping[str, str], limits: Limits, clock: Clock, vitals: Vitals
    ) -> None:
        self.caller = caller
        self.environment = environment
        self.limits = limits
        self.clock = clock
        self.vitals = vitals
        self.servers: dict[str, IsolatedChannel] = {}
        self.used: dict[str, tuple[Endpoint, BreakerRule]] = {}
        self.mute: list[str] = []

    @property
    def send_within(self) -> timedelta:
        """Return what one notice may take, waiting for its turn included."""
        return self.limits.queue_within + self.caller.timeout

    def use(self, webhooks: Mapping[str, Webhook], rule: BreakerRule) -> None:
        """Use these webhooks from now on; what is on its way ends where it is.

        Args:
            webhooks: By the address that messages bear.
            rule: When a server is left alone.
        """
        endpoints = {address: _endpoint(webhook, self.environment) for address, webhook in webhooks.items()}
        wanted = {address: (endpoint, rule) for address, endpoint in endpoints.items() if endpoint}
        self.mute = [address for address in endpoints if address not in wanted]
        for address in self.servers.keys() - wanted.keys():
            metrics.GATEWAY_BREAKER.remove(self.servers.pop(address).gateway)
        # One that stays as it is keeps its breaker.
        for address, (endpoint, _) in wanted.items():
            if address not in self.servers or self.used[address] != wanted[address]:
                server = WebhookServer(endpoint, self.caller)
                self.servers[address] = IsolatedChannel(
                    f"webhook:{address}", server, self.limits, rule, self.clock, self.vitals
                )
        self.used = wanted

    def remark(self) -> str:
        """Return whose webhook lacks its secret, or has one that is none, and so is not used; empty for nobody's."""
        return f"no secret for the webhook of {', '.join(self.mute)}" if self.mute else ""

    async def send(self, message: Message) -> HandedOver:
        """Return what the server made of the notice, or that it was not asked."""
        server = self.servers.get(message.address or "")
        return await server.send(message) if server else Refused(message.channel, "webhook_not_set_up")

    async def close(self) -> None:
        """Let go of what is open."""
        await self.caller.close()


def _endpoint(webhook: Webhook, environment: Mapping[str, str]) -> Endpoint | None:
    """Return where the calls go and what signs them; None if the secret is missing, or is none."""
    try:
        return Endpoint(webhook.url, secret_keys(environment.get(webhook.secret_env, "")))
    except SecretInvalid:
        return None
