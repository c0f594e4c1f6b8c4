from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.sending.addresses import (
    NEWS_MAX,
    AddressLimits,
    AddressRecord,
    Admission,
    AdmissionRequest,
    Admitted,
    Barred,
    admit,
    mailbox_of,
    merged,
)
from services.notify.sending.address_book import hash_keys
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

LIMITS = AddressLimits(hourly_max=2, daily_max=3)
NEW = AddressRecord()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def admitted(*deliveries: tuple[str, datetime, bool], record: AddressRecord = NEW) -> list[Admission]:
    """Return what becomes of deliveries in turn; each has an id, an instant, and whether its ticket is verified."""
    found = []
    for delivery, at, is_verified in deliveries:
        record, admission = admit(record, asked(delivery, is_verified=is_verified), LIMITS, at)
        found.append(admission)
    return found


def asked(delivery: str, **changes: Any) -> AdmissionRequest:
    """Return what is asked for a delivery, which is told of its ticket alone and never given up."""
    return AdmissionRequest(
        **({"delivery_id": delivery, "is_verified": True, "give_up_at": NOON + 1000 * HOUR} | changes)
    )


def test_an_address_gets_no_more_than_its_limit_in_any_hour() -> None:
    told = [(f"d{number}", NOON + number * MINUTE, True) for number in range(3)]

    assert admitted(*told, ("d4", NOON + HOUR, True), ("d5", NOON + HOUR, True)) == [
        Admitted(), Admitted(), Barred("address_limit", NOON + HOUR), Admitted(),
        Barred("address_limit", NOON + 24 * HOUR),
    ]  # fmt: skip


def test_an_address_gets_no_more_than_its_limit_in_any_24_hours() -> None:
    told = [(f"d{number}", NOON + number * HOUR, True) for number in range(5)]

    assert admitted(*told, ("d5", NOON + 24 * HOUR, True)) == [
        Admitted(), Admitted(), Admitted(), Barred("address_limit", NOON + 24 * HOUR),
        Barred("address_limit", NOON + 25 * HOUR), Barred("address_limit", NOON + 25 * HOUR),
    ]  # fmt: skip


def test_a_delivery_that_is_tried_again_is_counted_once() -> None:
    told = [("d1", NOON + number * MINUTE, True) for number in range(9)]

    assert admitted(*told, ("d2", NOON + HOUR - MINUTE, True)) == [Admitted()] * 10


def test_an_address_that_nobody_verified_gets_one_message() -> None:
    told = [("d1", NOON, False), ("d2", NOON, False), ("d1", NOON, False), ("d3", NOON + 100 * HOUR, False)]

    introduction, barred = Admitted(as_introduction=True), Barred("address_unverified")
    assert admitted(*told) == [introduction, barred, introduction, barred]


def test_an_address_is_verified_for_good_by_one_ticket() -> None:
    told = [("d1", NOON, False), ("d2", NOON, True), ("d3", NOON + 100 * HOUR, False)]

    assert admitted(*told) == [Admitted(as_introduction=True), Admitted(), Admitted()]


def test_no_more_is_remembered_than_a_day_of_deliveries() -> None:
    record = NEW
    for number in range(200):
        record, _ = admit(record, asked(f"d{number}", news=f"n{number}"), LIMITS, NOON + number * HOUR)

    assert len(record.admitted) <= LIMITS.daily_max
    assert len(record.reserved) <= 1000 // 24 * LIMITS.daily_max + LIMITS.daily_max
    assert len(record.news) <= NEWS_MAX


def test_what_is_known_under_an_older_key_counts() -> None:
    older = replace(NEW, is_verified=True, admitted={"d1": NOON, "d2": NOON})

    both = merged({"current": replace(NEW, introduced_by="d0"), "older": older})

    assert both == AddressRecord(True, "d0", {"d1": NOON, "d2": NOON})
    assert admitted(("d3", NOON, False), record=both) == [Barred("address_limit", NOON + HOUR)]


@pytest.mark.parametrize(
    "spelling",
    ["siti@warga.example", " Siti@Warga.Example ", "siti+lapor@warga.example", "siti+1+2@warga.example"],
)
def test_spellings_of_one_mailbox_count_together(spelling: str) -> None:
    assert mailbox_of(spelling) == "siti@warga.example"


def test_dots_count_only_where_the_provider_counts_them() -> None:
    assert mailbox_of("s.i.ti@gmail.com") == "siti@gmail.com"
    assert mailbox_of("s.iti@warga.example") == "s.iti@warga.example"
    assert mailbox_of("+62@warga.example") == "+62@warga.example"


def test_each_key_that_opens_contacts_gives_a_key_of_the_hash() -> None:
    keys = hash_keys("k2:AAAA, k1:BBBB", None, "k0:CCCC")

    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}
    assert keys == (*hash_keys("k2:AAAA"), *hash_keys("k1:BBBB"), *hash_keys("k0:CCCC"))


def test_what_was_told_of_a_cluster_is_told_once_until_it_is_forgotten() -> None:
    record, first = admit(NEW, asked("d1", ticket="one", news="answered"), LIMITS, NOON)

    record, other = admit(record, asked("d2", ticket="other", news="answered"), LIMITS, NOON + MINUTE)
    _, same = admit(record, asked("d3", ticket="one", news="answered"), LIMITS, NOON + MINUTE)
    _, later = admit(record, asked("d2", ticket="other", news="answered"), LIMITS, NOON + LIMITS.news_for)

    assert (first, other) == (Admitted(), Barred("same_cluster"))
    assert same == later == Admitted()


def test_an_introduction_tells_nothing_of_a_cluster() -> None:
    record, _ = admit(NEW, asked("d1", is_verified=False, ticket="one", news="answered"), LIMITS, NOON)

    assert admit(record, asked("d2", ticket="other", news="answered"), LIMITS, NOON)[1] == Admitted()


def test_what_would_have_no_room_in_time_takes_none_from_others() -> None:
    full = replace(NEW, admitted={"d1": NOON, "d2": NOON})

    record, barred = admit(full, asked("d3", give_up_at=NOON + HOUR - MINUTE), LIMITS, NOON)

    assert barred == Barred("address_limit")
    assert record.reserved == {}


@given(st.lists(st.integers(0, 600), min_size=1, max_size=25), st.integers(0, 90))
@settings(max_examples=80, deadline=None)
def test_everything_arrives_in_the_end_and_no_limit_is_ever_passed(minutes: list[int], late: int) -> None:
    queue = [(NOON + minute * MINUTE, f"d{number}") for number, minute in enumerate(minutes)]
    record, gone = NEW, []
    for _ in range(20 * len(queue)):
        if not queue:
            break
        queue.sort()
        at, delivery = queue.pop(0)
        record, admission = admit(record, asked(delivery), LIMITS, at)
        if isinstance(admission, Admitted):
            gone.append(at)
            continue
        assert admission.until is not None
        assert admission.until > at
        queue.append((admission.until + late * MINUTE, delivery))

    assert len(gone) == len(minutes)
    gone.sort()
    assert all(gone[n + LIMITS.hourly_max] - gone[n] >= HOUR for n in range(len(gone) - LIMITS.hourly_max))
    assert all(gone[n + LIMITS.daily_max] - gone[n] >= 24 * HOUR for n in range(len(gone) - LIMITS.daily_max))


def wished(delivery: str, at: datetime, *, stops: bool) -> AdmissionRequest:
    """Return what is asked for a delivery that confirms a wish."""
    return asked(delivery, is_urgent=True, stops=stops, wished_at=at)


def test_where_messages_are_stopped_only_what_is_urgent_goes_out() -> None:
    stopped, confirmed = admit(NEW, wished("d1", NOON, stops=True), LIMITS, NOON)

    assert confirmed == Admitted()
    assert admit(stopped, asked("d2"), LIMITS, NOON)[1] == Barred("stopped_all")
    assert admit(stopped, asked("d2", is_urgent=True), LIMITS, NOON)[1] == Admitted(is_stopped=True)


def test_the_last_wish_holds_in_whatever_order_its_confirmations_are_tried() -> None:
    wishes = [wished("d1", NOON, stops=True), wished("d2", NOON + MINUTE, stops=False)]

    for order in (wishes, wishes[::-1], [*wishes, wishes[0]]):
        record = NEW
        for request in order:
            record, _ = admit(record, request, LIMITS, NOON + HOUR)
        assert (record.is_stopped, record.wished_at) == (False, NOON + MINUTE)


def test_an_address_without_room_is_stopped_before_its_confirmation_goes_out() -> None:
    full = NEW
    for number in range(LIMITS.hourly_max):
        full, _ = admit(full, asked(f"d{number}"), LIMITS, NOON)

    record, admission = admit(full, wished("d9", NOON, stops=True), LIMITS, NOON)

    assert (record.is_stopped, admission) == (True, Barred("address_limit", NOON + HOUR))


def test_of_what_is_remembered_under_several_keys_the_last_wish_holds() -> None:
    stopped = AddressRecord(is_stopped=True, wished_at=NOON)
    resumed = AddressRecord(is_stopped=False, wished_at=NOON + MINUTE)

    assert not merged({"a": stopped, "b": resumed, "c": NEW}).is_stopped
    assert merged({"a": NEW, "b": stopped}).is_stopped
