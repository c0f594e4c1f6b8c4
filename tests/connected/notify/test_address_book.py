import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.sending.addresses import AddressLimits, Admission, AdmissionRequest, Admitted, Barred
from services.notify.sending.address_book import COLLECTION, MongoAddressBook, hash_keys
from shared.adapters.mongo.client import collection
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import EMAIL

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

LIMITS = AddressLimits(hourly_max=5, daily_max=8)
LATER = NOON + timedelta(days=3)
KEYS = hash_keys("k1:AAAA")


@pytest.fixture
def addresses(namespace: Namespace) -> Iterator[Any]:
    """The collection of all replicas."""
    tickets = collection(namespace.mongo, "notify")
    yield tickets.database[COLLECTION]
    tickets.database.client.close()


def book(addresses: Any, keys: tuple[bytes, ...] = KEYS) -> MongoAddressBook:
    """Return what one more replica, or one after a restart, knows of the addresses."""
    return MongoAddressBook(addresses, keys, LIMITS)


async def admitted(one: MongoAddressBook, delivery: str, *, is_verified: bool = True) -> Admission:
    return await one.admit(EMAIL, asked(delivery, is_verified=is_verified), NOON)


def asked(delivery: str, **changes: Any) -> AdmissionRequest:
    return AdmissionRequest(**({"delivery_id": delivery, "is_verified": True, "give_up_at": LATER} | changes))


async def test_replicas_together_admit_no_more_than_the_limit(addresses: Any) -> None:
    replicas = [book(addresses) for _ in range(3)]

    found = await asyncio.gather(*(admitted(replicas[number % 3], f"d{number}") for number in range(15)))

    assert Counter(map(type, found)) == {Admitted: 5, Barred: 10}


async def test_each_address_is_counted_by_itself_however_many_are_asked_for_together(addresses: Any) -> None:
    replicas = [book(addresses) for _ in range(2)]
    mailboxes = [f"warga{number}@rumah.example" for number in range(20)]

    found = await asyncio.gather(
        *(
            replicas[number % 2].admit(mailbox, asked(f"{mailbox} {number}"), NOON)
            for number in range(7)
            for mailbox in mailboxes
        )
    )

    stored = [len(raw["admitted"]) async for raw in addresses.find({})]
    assert Counter(map(type, found)) == {Admitted: 100, Barred: 40}
    assert stored == [LIMITS.hourly_max] * len(mailboxes)


async def test_what_was_admitted_is_known_after_a_restart(addresses: Any) -> None:
    await admitted(book(addresses), "d1", is_verified=False)

    after = book(addresses)

    assert await admitted(after, "d2", is_verified=False) == Barred("address_unverified")
    assert await admitted(after, "d1", is_verified=False) == Admitted(as_introduction=True)


async def test_each_that_has_no_room_gets_a_time_of_its_own(addresses: Any) -> None:
    replicas = [book(addresses) for _ in range(3)]

    found = await asyncio.gather(*(admitted(replicas[number % 3], f"d{number}") for number in range(10)))

    turns = sorted(one.until for one in found if isinstance(one, Barred) and one.until)
    assert turns == [*[NOON + timedelta(hours=1)] * 3, *[NOON + timedelta(days=1)] * 2]


async def test_what_was_told_of_a_cluster_is_known_after_a_restart(addresses: Any) -> None:
    await book(addresses).admit(EMAIL, asked("d1", ticket="one", news="answered"), NOON)

    of_the_same = await book(addresses).admit(EMAIL, asked("d2", ticket="one", news="answered"), NOON)
    of_another = await book(addresses).admit(EMAIL, asked("d3", ticket="other", news="answered"), NOON)

    assert (of_the_same, of_another) == (Admitted(), Barred("same_cluster"))


async def test_a_record_of_the_release_before_is_read(addresses: Any) -> None:
    await admitted(book(addresses), "d1")
    await addresses.update_one({}, {"$unset": {"reserved": "", "news": ""}})

    assert await admitted(book(addresses), "d1") == Admitted()


async def test_a_new_key_forgets_nobody_while_the_older_one_is_at_hand(addresses: Any) -> None:
    await admitted(book(addresses), "d1", is_verified=False)
    rotated = book(addresses, hash_keys("k2:BBBB", "k1:AAAA"))

    assert await admitted(rotated, "d2", is_verified=False) == Barred("address_unverified")
    alone = book(addresses, hash_keys("k2:BBBB"))
    assert await admitted(alone, "d3", is_verified=False) == Barred("address_unverified")


async def test_the_address_is_not_stored_and_forgotten_in_time(addresses: Any) -> None:
    one = book(addresses)

    await admitted(one, "d1")

    [stored] = [raw async for raw in one.collection.find({})]
    expiring = [index for index in (await one.collection.index_information()).values() if "expireAfterSeconds" in index]
    assert EMAIL not in str(stored)
    assert EMAIL.partition("@")[0] not in str(stored)
    assert stored["expires_at"] == NOON + LIMITS.remembered_for
    assert [(index["key"], index["expireAfterSeconds"]) for index in expiring] == [([("expires_at", 1)], 0)]
    assert timedelta(days=1) < LIMITS.remembered_for


async def test_a_stop_is_known_to_every_replica_and_outlasts_what_else_is_remembered(addresses: Any) -> None:
    stop = asked("d1", is_urgent=True, stops=True, wished_at=NOON)
    await book(addresses).admit(EMAIL, stop, NOON)

    assert await admitted(book(addresses, hash_keys("k2:BBBB", "k1:AAAA")), "d2") == Barred("stopped_all")
    assert [raw.get("expires_at") async for raw in addresses.find()] == [None, None]
    await book(addresses).admit(EMAIL, asked("d3", is_urgent=True, stops=False, wished_at=LATER), NOON)
    [raw] = [raw async for raw in addresses.find({"is_stopped": False})]
    assert raw["expires_at"] is not None
