"""Remembers how many messages each address of a reporter got, under a keyed hash that nobody can turn back."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from services.notify.domain.sending.addresses import (
    AddressLimits,
    AddressRecord,
    Admission,
    AdmissionRequest,
    Admitted,
    News,
    admit,
    mailbox_of,
    merged,
)
from shared.adapters.mongo.outages import outages_are_transient
from shared.delivery.documents.codec import Raw
from shared.delivery.ports import TransientError

COLLECTION = "addresses"
PURPOSE = b"tindak.notify.addresses"
ROUNDS_MAX = 20


class AddressBook(Protocol):
    """Where it is counted what an address gets."""

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        """Return whether a delivery may go to *address*, once that is noted.

        Raises:
            TransientError: It cannot be noted now.
        """
        ...


class NoLimits:
    """Admits everything and remembers nothing."""

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        """Return that it may go out."""
        return Admitted()


class MongoAddressBook:
    """The addresses of all replicas, each a document guarded by revision that expires by itself.

    Args:
        collection: In the service's own database; Motor ships no types.
        keys: Of the hash, the current one first; what is remembered under an older one is carried over when used.
        limits: Of the policy; may be replaced at any time.
    """

    def __init__(self, collection: Any, keys: Sequence[bytes], limits: AddressLimits) -> None:
        self.collection = collection
        self.keys = keys
        self.limits = limits
        self.prepared = False

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        """Return whether a delivery may go to *address*, once that is noted; raises as `AddressBook.admit` does."""
        ids = [_hash_of(mailbox_of(address), key) for key in self.keys]
        async with outages_are_transient():
            await self.prepare()
            for _ in range(ROUNDS_MAX):
                found = {raw["_id"]: raw async for raw in self.collection.find({"_id": {"$in": ids}})}
                known = merged({id_: _record_of(found[id_]) for id_ in ids if id_ in found})
                after, admission = admit(known, request, self.limits, now)
                if await self.save(ids[0], found.get(ids[0]), after, now):
                    return admission
        raise TransientError(f"an address was written to by others {ROUNDS_MAX} times in a row")

    async def prepare(self) -> None:
        """Create the index by which addresses are forgotten, once for each process."""
        if not self.prepared:
            await self.collection.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])
            self.prepared = True

    async def save(self, id_: str, before: Raw | None, record: AddressRecord, now: datetime) -> bool:
        """Return whether the record is written; False if somebody was faster."""
        revision = before["rev"] if before else 0
        raw = {
            "_id": id_,
            "rev": revision + 1,
            "is_verified": record.is_verified,
            "introduced_by": record.introduced_by,
            "admitted": [{"id": delivery, "at": at} for delivery, at in record.admitted.items()],
            "reserved": [{"id": delivery, "at": at} for delivery, at in record.reserved.items()],
            "news": [{"id": id_, "ticket": told.ticket, "at": told.at} for id_, told in record.news.items()],
            "expires_at": now + self.limits.remembered_for,
        }
        if before is not None:
            written = await self.collection.replace_one({"_id": id_, "rev": revision}, raw)
            return bool(written.matched_count)
        try:
            await self.collection.insert_one(raw)
        except DuplicateKeyError:
            return False
        return True


def hash_keys(*contact_keys: str | None) -> tuple[bytes, ...]:
    """Return the keys of the hash: one from each key that opens contacts, in their order.

    So there is no further secret to keep, and none that would outlive those: each is derived for this purpose alone.

    Args:
        contact_keys: Settings of the form ``id:base64,id2:base64``; None for one that is not set.
    """
    entries = [entry.strip() for text in contact_keys if text for entry in text.split(",") if entry.strip()]
    return tuple(hmac.digest(entry.encode(), PURPOSE, hashlib.sha256) for entry in entries)


def _hash_of(mailbox: str, key: bytes) -> str:
    return hmac.new(key, mailbox.encode(), hashlib.sha256).hexdigest()


def _record_of(raw: Mapping[str, Any]) -> AddressRecord:
    admitted = {each["id"]: each["at"] for each in raw["admitted"]}
    # Older documents hold neither who waits nor what was told.
    reserved = {each["id"]: each["at"] for each in raw.get("reserved", ())}
    news = {each["id"]: News(each["ticket"], each["at"]) for each in raw.get("news", ())}
    return AddressRecord(raw["is_verified"], raw["introduced_by"], admitted, reserved, news)
