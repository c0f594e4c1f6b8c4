"""Sets up the channels by which messages leave: mail, and the gateways whose secrets are there."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from pydantic import SecretStr

from services.notify.channels import Channel
from services.notify.channels.balanced import BalancedChannel
from services.notify.channels.http import HttpChannel
from services.notify.channels.isolated import IsolatedChannel, Limits
from services.notify.channels.smtp import SmtpChannel
from services.notify.policy.gateways import Gateway, GatewayFile
from services.notify.references import ReceiptRequest
from services.notify.settings import Settings
from shared.adapters.clock import Clock
from shared.delivery.vitals import Vitals
from shared.values import value

SMTP = "smtp"
NO_RECEIPTS: Mapping[str, ReceiptRequest] = {}
# Of a lease: what a message may wait for its turn, and what a gateway may take. Twice two gateways fit into it.
QUEUE_SHARE, GATEWAY_SHARE = 1 / 10, 1 / 8


@value
class SetUp:
    """The channels that leave the house, by name, and which gateways lack a secret, as a remark of health."""

    channels: Mapping[str, Channel]
    remark: str


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
    return SetUp(found, "; ".join(lacking))


def note_arrival(channels: Mapping[str, Channel], gateway: str, took: timedelta) -> None:
    """Let the channel of *gateway* learn how long one of its messages was on its way."""
    for channel in channels.values():
        if isinstance(channel, BalancedChannel) and gateway in channel.gateways:
            channel.note_arrival(gateway, took)
