"""The channels that are in use, by name; they may be replaced while messages are on their way."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from services.notify.channels import Channel, Message
from services.notify.domain.outcomes import HandedOver


class Way:
    """A channel, and how many messages are on their way by it."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.on_their_way = 0

    @property
    def send_within(self) -> timedelta:
        """Return what one message may take at most."""
        return self.channel.send_within

    async def send(self, message: Message) -> HandedOver:
        """Return what the channel made of the message."""
        self.on_their_way += 1
        try:
            return await self.channel.send(message)
        finally:
            self.on_their_way -= 1

    async def close(self) -> None:
        """Close the channel."""
        await self.channel.close()


class Ways(Mapping[str, Channel]):
    """The channels by which messages leave from now on; one that is replaced ends what it has begun."""

    def __init__(self) -> None:
        self.used: dict[str, Way] = {}
        self.replaced: list[Way] = []

    def use(self, channels: Mapping[str, Channel]) -> None:
        """Use *channels* from now on; one that is in use already stays as it is."""
        kept = {id(way.channel): way for way in self.used.values()}
        before, self.used = self.used, {name: kept.get(id(each)) or Way(each) for name, each in channels.items()}
        self.replaced += [way for way in before.values() if way not in self.used.values()]

    async def close_replaced(self) -> None:
        """Close those that were replaced and have nothing on its way any more."""
        idle = [way for way in self.replaced if not way.on_their_way]
        self.replaced = [way for way in self.replaced if way.on_their_way]
        for way in idle:
            await way.close()

    def __getitem__(self, name: str) -> Channel:
        return self.used[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.used)

    def __len__(self) -> int:
        return len(self.used)
