"""The shards in which the documents of a collection lie, see `shared.sharding`."""

from typing import Any

from shared.sharding import SHARDS_BEFORE, Share
from shared.topics import PARTITIONS

Raw = dict[str, Any]


class StoredShards:
    """The shards of one collection.

    Attributes:
        partitions_total: Of the topic by whose partitions the replicas share the documents.
    """

    def __init__(self, collection: Any) -> None:  # its type is stated where clients are made
        self.collection = collection
        self.partitions_total = PARTITIONS
        self._total: int | None = None

    async def within(self, share: Share | None) -> Raw:
        """Return a condition on the shard. The index holds them one after the other, so that each one is named."""
        shards_total = await self.total()
        wanted = list(range(shards_total)) if share is None else share.shards(shards_total)
        # What was stored without a shard lies with the first one until it is saved again.
        return {"$in": [*wanted, None] if 0 in wanted else wanted}

    async def total(self) -> int:
        """Return a number below which every shard lies; the index is asked once for the highest one.

        What a replica stores that knows of more partitions is seen as soon as this one knows of them, too.
        """
        if self._total is None:
            found: list[Raw] = []
            for field in ("due_at", "pending_at"):
                wanted = {"slot": {"$gte": SHARDS_BEFORE}, field: {"$exists": True}}
                found += await self.collection.find(wanted, {"slot": 1}).sort("slot", -1).limit(1).to_list(1)
            self._total = max([SHARDS_BEFORE, *(raw["slot"] + 1 for raw in found)])
        return max(self._total, self.partitions_total)
