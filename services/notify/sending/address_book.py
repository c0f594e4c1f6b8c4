"""Remembers how many messages each address of a reporter got, under a keyed hash that nobody can turn back."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel

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
from services.notify.sending.together import Together
from shared.adapters.mongo import writes
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.writes import Row
from shared.delivery.documents.codec import SAVE_IDS, Raw
from shared.delivery.ports import TransientError
from shared.values import value

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


@value
class Asked:
    """Whether a delivery may go to an address, of which *ids* are the hashes under each key, the current one first."""

    ids: tuple[str, ...]
    request: AdmissionRequest
    now: datetime


@value
class Noted:
    """What is noted of an address, the revision at which it is there now (0 if it is not), and until when if ever."""

    record: AddressRecord
    revision: int
    expires_at: datetime | None


class MongoAddressBook:
    """The addresses of all replicas, each a document guarded by revision that expires by itself.

    What is asked at the same time is read at once, and written at once.

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
        self.together = Together(self.admit_all)

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        """Return whether a delivery may go to *address*, once that is noted; raises as `AddressBook.admit` does."""
        ids = tuple(_hash_of(mailbox_of(address), key) for key in self.keys)
        return await self.together.ask(Asked(ids, request, now))

    async def admit_all(self, asked: Sequence[Asked]) -> list[Admission]:
        """Return what becomes of each delivery, once that is noted.

        Raises:
            TransientError: Some or all may not be noted.
        """
        answers: dict[int, Admission] = {}
        async with outages_are_transient():
            await self.prepare()
            for _ in range(ROUNDS_MAX):
                left = [number for number in range(len(asked)) if number not in answers]
                if not left:
                    return [answers[number] for number in range(len(asked))]
                answered, noted = await self.decided({number: asked[number] for number in left})
                lost = await self.save(noted)
                answers |= {number: each for number, each in answered.items() if asked[number].ids[0] not in lost}
        raise TransientError(f"an address was written to by others {ROUNDS_MAX} times in a row")

    async def decided(self, asked: Mapping[int, Asked]) -> tuple[dict[int, Admission], dict[str, Noted]]:
        """Return what becomes of each delivery, and what is noted of each address by that."""
        ids = sorted({id_ for each in asked.values() for id_ in each.ids})
        found = {raw["_id"]: raw for raw in await self.collection.find({"_id": {"$in": ids}}).to_list(None)}
        answers: dict[int, Admission] = {}
        noted: dict[str, Noted] = {}
        for number, each in asked.items():
            own = each.ids[0]
            stored = {id_: _record_of(found[id_]) for id_ in each.ids if id_ in found}
            known = noted[own].record if own in noted else merged(stored)
            record, answers[number] = admit(known, each.request, self.limits, each.now)
            revision = found[own]["rev"] if own in found else 0
            # Messages stay stopped until that is taken back, however long nobody is written to there.
            expires_at = None if record.is_stopped else each.now + self.limits.remembered_for
            noted[own] = Noted(record, revision, expires_at)
        return answers, noted

    async def save(self, noted: Mapping[str, Noted]) -> set[str]:
        """Write what is noted; return the ids of the addresses of which somebody was faster."""
        save_id = writes.new_save_id()
        rows = [
            Row(id_, each.revision, RawBSONDocument(bson.encode(_raw_of(id_, each) | {SAVE_IDS: [save_id]})))
            for id_, each in noted.items()
        ]
        new, known = [row for row in rows if row.revision == 0], [row for row in rows if row.revision > 0]
        lost = await writes.insert(self.collection, new) if new else set()
        return lost | (await writes.replace(self.collection, known, save_id) if known else set())

    async def prepare(self) -> None:
        """Create the index by which addresses are forgotten, once for each process."""
        if not self.prepared:
            await self.collection.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])
            self.prepared = True


def hash_keys(*contact_keys: str | None) -> tuple[bytes, ...]:
    """Return the keys of the hash: one from each key that opens contacts, in their order.

    So there is no further secret to keep, and none that would outlive those: each is derived for this purpose alone.

    Args:
        contact_keys: Settings of the form ``id:base64,id2:base64``; None for one that is not set.
    """
    entries = [entry.strip() for text in contact_keys if text for entry in text.split(",") if entry.strip()]
    return tuple(hmac.digest(entry.encode(), PURPOSE, hashlib.sha256) for entry in entries)


def _raw_of(id_: str, noted: Noted) -> Raw:
    record = noted.record
    return {
        "_id": id_,
        "rev": noted.revision + 1,
        "is_verified": record.is_verified,
        "introduced_by": record.introduced_by,
        "admitted": [{"id": delivery, "at": at} for delivery, at in record.admitted.items()],
        "reserved": [{"id": delivery, "at": at} for delivery, at in record.reserved.items()],
        "news": [{"id": news, "ticket": told.ticket, "at": told.at} for news, told in record.news.items()],
        "is_stopped": record.is_stopped,
        "wished_at": record.wished_at,
        "expires_at": noted.expires_at,
    }


def _hash_of(mailbox: str, key: bytes) -> str:
    return hmac.new(key, mailbox.encode(), hashlib.sha256).hexdigest()


def _record_of(raw: Mapping[str, Any]) -> AddressRecord:
    admitted = {each["id"]: each["at"] for each in raw["admitted"]}
    # Older documents hold neither who waits nor what was told.
    reserved = {each["id"]: each["at"] for each in raw.get("reserved", ())}
    news = {each["id"]: News(each["ticket"], each["at"]) for each in raw.get("news", ())}
    wish = raw.get("is_stopped", False), raw.get("wished_at")
    return AddressRecord(raw["is_verified"], raw["introduced_by"], admitted, reserved, news, *wish)
