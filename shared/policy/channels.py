"""The channel registry: where reports come from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PositiveInt

from shared.events.base import Short
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced
from shared.topics import LINK_CHANNEL
from shared.values import value

FILE = "channels.yaml"
PARTITIONS_MAX = 100

Partitions = Annotated[int, Field(ge=1, le=PARTITIONS_MAX)]


def _webhook_url(text: str) -> str:
    """Return *text*; raise ValueError unless it can be called: with TLS, or on this machine, where a trial runs."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("url is no address") from None
    if not host or port == 0 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("url must be https:// and a host")
    if parts.scheme != "https" and (parts.scheme, host) not in (("http", "127.0.0.1"), ("http", "localhost")):
        raise ValueError("url must begin with https://, for what is posted tells of reports")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("url must hold neither a user nor a fragment")
    return text


class Webhook(PolicyModel):
    """Where the server of an agency or a channel takes signed calls.

    ``secret_env`` names the environment variable of notify that holds the secret or, during a rotation, both.
    """

    url: Annotated[str, Field(max_length=500), AfterValidator(_webhook_url)]
    secret_env: Annotated[str, Field(pattern=r"^TINDAK_WEBHOOK_[A-Z0-9_]{1,60}$")]


class Channel(PolicyModel):
    """A channel; a code that ends in ``_`` stands for all that go on from it.

    ``partitions`` is how many the topic has on which it hands reports over. ``verifies_contacts``: it makes sure, by a
    login or a code, that the address that it gives is the reporter's own. ``webhook`` is where its own server is told
    where its tickets stand.
    """

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=64)]
    name: Short
    replies: bool
    partitions: Partitions = 1
    verifies_contacts: bool = False
    webhook: Webhook | None = None

    @property
    def is_pattern(self) -> bool:
        """Return whether it stands for several, which have topics only where they stand in the registry themselves."""
        return self.code.endswith("_")


class ChannelFile(PolicyModel):
    """The shape of channels.yaml."""

    version: PositiveInt
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]


@value
class ChannelRegistry:
    """All channels of a city, in the order of the file."""

    channels: tuple[Channel, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return every code, also those that stand for several."""
        return tuple(channel.code for channel in self.channels)

    @property
    def partitions(self) -> dict[str, int]:
        """Return on how many partitions each channel hands reports over, by code; without those that are patterns."""
        return {channel.code: channel.partitions for channel in self.channels if not channel.is_pattern}

    @property
    def webhooks(self) -> dict[str, Webhook]:
        """Return the webhooks of the channels that have one, by code."""
        return {channel.code: channel.webhook for channel in self.channels if channel.webhook}

    def verifies_contacts(self, code: str) -> bool:
        """Return whether the channel of this code, or else the one that stands for it, verifies addresses."""
        exact = [channel for channel in self.channels if channel.code == code]
        family = [channel for channel in self.channels if channel.is_pattern and code.startswith(channel.code)]
        return any(channel.verifies_contacts for channel in exact or family)


def load_channels(policy_dir: Path) -> ChannelRegistry:
    """Return the registry of channels.yaml.

    Raises:
        PolicyInvalid: With every fault of the file.
    """
    held, source = load_sourced(policy_dir / FILE, ChannelFile)
    codes = [channel.code for channel in held.channels]
    if LINK_CHANNEL in codes:
        sentence = f"`{LINK_CHANNEL}` is the channel of the links in our own messages; no reports come from it"
        raise PolicyInvalid([source.fault(("channels", codes.index(LINK_CHANNEL), "code"), sentence)])
    named = ((f"channel `{channel.code}`", ("channels", index, "code")) for index, channel in enumerate(held.channels))
    faults = [*source.given_twice(named), *_ownerless(held, source)]
    if faults:
        raise PolicyInvalid(faults)
    return ChannelRegistry(held.channels)


def _ownerless(held: ChannelFile, source: Source) -> Iterator[PolicyFault]:
    for index, channel in enumerate(held.channels):
        if channel.webhook is not None and channel.is_pattern:
            sentence = f"`{channel.code}` stands for several, each with a server of its own: name the one that has this"
            yield source.fault(("channels", index, "webhook"), sentence)
