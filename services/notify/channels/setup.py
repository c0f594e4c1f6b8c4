"""Sets up the channels by which messages leave: mail, the gateways whose secrets are there, and webhooks."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from pydantic import SecretStr

from services.notify.channels import Channel
from services.notify.channels.balanced import BalancedChannel
from services.notify.channels.http import HttpChannel
from services.notify.channels.isolated import IsolatedChannel, Limits
from services.notify.channels.log import LogChannel
from services.notify.channels.smtp import SmtpChannel
from services.notify.channels.webhook import Caller
from services.notify.channels.webhooks import WebhookChannel
from services.notify.policy.gateways import Gateway, GatewayFile
from services.notify.references import ReceiptRequest
from services.notify.settings import Settings
from shared.adapters.clock import Clock
from shared.delivery.vitals import Vitals
from shared.process import metrics
from shared.process.settings import Profile
from shared.values import value

LOG, SMTP = "log", "smtp"
NO_RECEIPTS: Mapping[str, ReceiptRequest] = {}
# Of a lease: what a message may wait for its turn, and what a gateway may take. Twice two gateways fit into it.
QUEUE_SHARE, GATEWAY_SHARE = 1 / 10, 1 / 8


@value
class SetUp:
    """The channels that leave the house, by name, and which gateways lack a secret, as a remark of health.

    Args:
        gateways: The names under which metrics tell of them.
    """

    channels: Mapping[str, Channel]
    remark: str
    gateways: frozenset[str] = frozenset()

    def note_arrival(self, gateway: str, took: timedelta) -> None:
        """Let the channel of *gateway* learn how long one of its messages was on its way."""
        for channel in self.channels.values():
            if isinstance(channel, BalancedChannel) and gateway in channel.gateways:
                channel.note_arrival(gateway, took)


def set_up(
    own: Settings,
    file: GatewayFile,
    environment: Mapping[str, str],
    clock: Clock,
    vitals: Vitals,
    draw: Callable[[], float],
    receipts: Mapping[str, ReceiptRequest] = NO_RECEIPTS,
) -> SetUp:
    """Return the channels that can be used.

    A gateway of which no variable is set is off. One that lacks some is not used either, and named in the remark.

    Args:
        environment: Holds the secrets of the gateways by name.
        draw: As in `BalancedChannel`.
        receipts: How gateways are asked to say what becomes of messages, by their code.
    """
    found: dict[str, Channel] = {}
    queue_within = timedelta(seconds=QUEUE_SHARE * own.lease_seconds)
    if own.smtp_host is not None:
        limits = Limits(own.smtp_connections_max, queue_within)
        found["email"] = IsolatedChannel(SMTP, SmtpChannel(own), limits, file.breaker.value, clock, vitals)
    lacking: list[str] = []
    groups: dict[str, list[Gateway]] = {}
    for gateway in (each for each in file.gateways if each.enabled):
        missing = [name for name in gateway.variables if not environment.get(name)]
        if missing and len(missing) < len(gateway.variables):
            lacking.append(f"{gateway.code} is not used, for {', '.join(missing)} is not set")
        elif not missing:
            groups.setdefault(gateway.channel, []).append(gateway)
    for channel, gateways in groups.items():
        made: dict[str, Channel] = {}
        for gateway in gateways:
            seconds = min(gateway.timeout_seconds, GATEWAY_SHARE * own.lease_seconds)
            secrets = {name: SecretStr(environment[name]) for name in gateway.variables}
            sends = HttpChannel(gateway, secrets, timedelta(seconds=seconds), receipts.get(gateway.code))
            limits = Limits(gateway.connections_max, queue_within, gateway.messages_per_second)
            made[gateway.code] = IsolatedChannel(gateway.code, sends, limits, file.breaker.value, clock, vitals)
        weights = {gateway.code: gateway.weight for gateway in gateways}
        found[channel] = BalancedChannel(made, weights, file.shares.value, clock, draw, file.shares.slow.value)
    used = frozenset(gateway.code for gateways in groups.values() for gateway in gateways)
    return SetUp(found, "; ".join(lacking), used | {SMTP} if "email" in found else used)


def forget(gateways: Iterable[str]) -> None:
    """Tell no more of gateways that are used no more, or an alert on one of them would never end."""
    for gateway in gateways:
        metrics.GATEWAY_BREAKER.remove(gateway)
        metrics.GATEWAY_SHARE.remove(gateway)


def within_house(profile: Profile) -> dict[str, Channel]:
    """Return the channels that leave nothing out of the house.

    The log is one of the local profile only: elsewhere it would call a notice sent that reached nobody.
    """
    return {LOG: LogChannel()} if profile == "local" else {}


def webhook_channel(
    own: Settings, environment: Mapping[str, str], clock: Clock, vitals: Vitals, profile: Profile
) -> WebhookChannel:
    """Return the channel to the servers of agencies; it knows none yet."""
    timeout = timedelta(seconds=own.webhook_timeout_seconds)
    limits = Limits(own.webhook_connections_max, timedelta(seconds=QUEUE_SHARE * own.lease_seconds))
    return WebhookChannel(Caller(clock.now, timeout, is_local=profile == "local"), environment, limits, clock, vitals)
