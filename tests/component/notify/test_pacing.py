"""What one recipient gets in ten minutes, in a day and at night, as the sender works on an injected clock."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.deliveries import Due
from services.notify.domain.notices import Rules
from services.notify.domain.sending.timing import QuietHours
from shared import topics
from shared.events import (
    DueChanged,
    EventData,
    NotificationSuppressed,
    Priority,
    ReporterReplied,
    SlaClock,
    TicketAnswered,
    TicketFact,
    TicketHeld,
    TicketProgressed,
    TicketRouted,
    TriageRequested,
)
from shared.values import replace
from tests.builders import accepted, event
from tests.component.notify.harness import ACCEPTED, CONTACT, RecordingChannel, ServiceHarness, puts_off
from tests.fakes.memory import MemoryClock
from tests.unit.notify.samples import POLICY, said, started

pytestmark = pytest.mark.component

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 22:00 WIB
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # 06:00 WIB


class StampingChannel(RecordingChannel):
    """Remembers when each message went out."""

    def __init__(self, clock: MemoryClock, *faults: Exception | None) -> None:
        super().__init__(*faults)
        self.clock = clock
        self.at: list[tuple[str, str, datetime]] = []

    async def send(self, message: Any) -> str | None:
        taken = await super().send(message)
        self.at.append((message.notice, message.role, self.clock.now()))
        return taken


async def reported(rules: Rules = POLICY.rules, at: datetime | None = None, *faults: Exception | None) -> Any:
    """Return a harness that has heard a report and its contact and told of it, and its channel, emptied."""
    harness = ServiceHarness(rules)
    channel = StampingChannel(harness.clock, *faults)
    harness.email = harness.channels["email"] = channel
    if at is not None:
        harness.clock.at = at
    for topic, told in (CONTACT, ACCEPTED):
        harness.publish(topic, replace(told, time=harness.clock.now()))
    harness.publish(topics.SLA, event(started(SlaClock.RESOLVE, at=harness.clock.now())))
    await harness.work()
    await harness.send()
    return harness, channel


async def hear(harness: ServiceHarness, *said_now: EventData) -> None:
    """Let notify hear events that happen now, in this order, and send what is due."""
    for data in said_now:
        if isinstance(data, TicketFact):
            data = data.model_copy(update={"version": 2 + len(harness.broker.topic(topics.TICKETS))})
        topic = topics.SLA if hasattr(data, "clock") else topics.TICKETS
        harness.publish(topic, event(data, at=harness.clock.now()))
        await harness.work()
    await harness.send()


def suppressed(harness: ServiceHarness) -> Counter[tuple[str, str]]:
    """Return which notices were suppressed, and why."""
    return Counter((fact.notice, fact.why) for fact in harness.facts if isinstance(fact, NotificationSuppressed))


def to(role: str, channel: StampingChannel) -> list[str]:
    return [notice for notice, reader, _ in channel.at if reader == role]


async def test_thirty_changes_in_ten_minutes_are_at_most_three_messages() -> None:
    harness, channel = await reported()
    for number in range(30):
        await hear(harness, said(TicketProgressed, note=f"Hari ke-{number}."))
        harness.pass_time(20 * timedelta(seconds=1))
        await harness.send()

    await harness.send_in_time()

    assert to("reporter", channel) == ["accepted", "progressed", "progressed"]
    assert "Hari ke-29." in channel.given[-1].body
    assert suppressed(harness) == {("progressed", "superseded"): 28}
    apart = [after - before for (_, _, before), (_, _, after) in zip(channel.at, channel.at[1:], strict=False)]
    assert min(apart) >= 5 * MINUTE


@given(
    start=st.integers(0, 24 * 60),
    # Ten minutes are two windows; with the instant at which they end a third one begins.
    seconds=st.lists(st.integers(0, 599), min_size=30, max_size=30).map(sorted),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]),
)
@settings(max_examples=15, deadline=None)
async def test_whenever_thirty_changes_in_ten_minutes_come_they_are_at_most_three_messages_and_none_at_night(
    start: int, seconds: list[int], zone: str
) -> None:
    quiet = QuietHours(time(21), time(6), ZoneInfo(zone))
    begun_at = NIGHT + start * MINUTE
    harness, channel = await reported(replace(POLICY.rules, quiet_hours=quiet), begun_at)
    for number, after in enumerate(seconds):
        harness.clock.at = begun_at + timedelta(seconds=after)
        await harness.send()
        await hear(harness, said(TicketProgressed, note=f"Hari ke-{number}."))

    await harness.send_in_time()

    assert to("reporter", channel)[0] == "accepted"
    assert 2 <= len(to("reporter", channel)) <= 3
    assert "Hari ke-29." in channel.given[-1].body
    assert [notice for notice, _, at in channel.at if notice != "accepted" and quiet.over_at(at)] == []


async def test_thirty_changes_of_all_kinds_lose_neither_question_nor_answer() -> None:
    harness, channel = await reported()
    changes = [
        said(TriageRequested), said(TicketRouted), started(SlaClock.RESPOND),
        said(TicketProgressed), said(TicketHeld), started(SlaClock.COMPLETE), said(TicketProgressed),
    ]  # fmt: skip
    for number in range(28):
        await hear(harness, changes[number % len(changes)])
        harness.pass_time(20 * timedelta(seconds=1))
    in_ten_minutes = len(to("reporter", channel))
    await hear(harness, said(TicketAnswered, answer="Sudah selesai."), started(SlaClock.FEEDBACK, harness.clock.now()))

    await harness.send_in_time()

    assert in_ten_minutes <= 3
    assert to("reporter", channel)[-1] == "answered"
    # The answer makes the last question needless; before, the question went first of all that waited.
    assert "held" in to("reporter", channel)
    assert ("held", "superseded") in suppressed(harness)


async def test_a_question_is_not_swallowed_by_what_is_told_after_it() -> None:
    harness, channel = await reported()
    await hear(
        harness, said(TicketHeld), started(SlaClock.COMPLETE), said(TicketProgressed), said(DueChanged, clock="resolve")
    )

    await harness.send_in_time()

    assert to("reporter", channel)[:2] == ["accepted", "held"]
    assert sorted(to("reporter", channel)[2:]) == ["due_changed", "progressed"]


async def test_what_is_gathered_costs_no_write_of_its_own() -> None:
    harness, _ = await reported()
    await hear(harness, said(TicketProgressed))
    before = harness.state
    [waiting] = before.deliveries[-1:]
    assert isinstance(waiting.situation, Due)

    revision = harness.store.documents[before.ticket_id].revision
    await hear(harness, said(TicketProgressed, note="Selesai besok."))

    assert harness.store.documents[before.ticket_id].revision == revision + 1
    assert suppressed(harness) == {("progressed", "superseded"): 1}


async def test_urgent_notices_are_not_held() -> None:
    harness, channel = await reported()

    await hear(
        harness, said(TicketRouted, priority=Priority.EMERGENCY), said(TicketRouted, priority=Priority.EMERGENCY)
    )

    assert to("liaison", channel) == ["agency_emergency"] * 2
    assert {at for _, _, at in channel.at} == {harness.clock.at}


async def test_each_reply_of_a_reporter_reaches_the_agency() -> None:
    harness, channel = await reported()
    for number in range(5):
        await hear(harness, said(ReporterReplied, text=f"Jawaban {number}."))

    await harness.send_in_time()

    assert to("liaison", channel) == ["agency_reply"] * 5
    assert [str(number) in message.body for number, message in enumerate(channel.given[1:])] == [True] * 5


async def test_what_is_too_much_for_a_day_arrives_in_the_end() -> None:
    rules = replace(POLICY.rules, daily_max=3, window_for=timedelta())
    harness, channel = await reported(rules)
    for number in range(8):
        await hear(harness, said(ReporterReplied, text=f"Jawaban {number}."))

    await harness.send_in_time()

    assert to("liaison", channel) == ["agency_reply"] * 8
    days = [at for _, role, at in channel.at if role == "liaison"]
    assert all(later - earlier >= 24 * HOUR for earlier, later in zip(days, days[3:], strict=False))
    assert suppressed(harness) == {}


async def test_a_retry_and_a_lost_attempt_wait_for_the_end_of_the_quiet_hours() -> None:
    harness, channel = await reported(at=NIGHT - 61 * MINUTE)
    channel.faults = [puts_off("smtp_451")] * 10
    harness.pass_time(timedelta(minutes=6))
    for _ in range(10):
        await hear(harness, said(TicketProgressed))
        harness.pass_time(timedelta(minutes=5, seconds=50))
    tried = [at for _, _, at in channel.at if at > NIGHT - HOUR]
    channel.faults = []

    await harness.send_in_time()

    assert tried == []
    assert channel.at[-1][0] == "progressed"
    assert channel.at[-1][2] == MORNING


@pytest.mark.parametrize("code", ["accepted", "progressed"])
async def test_at_night_a_reporter_hears_only_what_is_urgent(code: str) -> None:
    harness, channel = await reported(at=NIGHT)
    await hear(harness, said(TicketRouted), started(SlaClock.RESPOND, harness.clock.now()), said(TicketProgressed))
    at_night = to("reporter", channel)

    await harness.send_in_time()

    assert at_night == ["accepted"]
    assert code in to("reporter", channel)
    assert all(at == NIGHT or at >= MORNING for _, role, at in channel.at if role == "reporter")


async def test_in_an_emergency_a_reporter_is_told_at_night() -> None:
    harness, channel = await reported(at=NIGHT)

    await hear(harness, said(TicketRouted, priority=Priority.EMERGENCY), said(TicketProgressed))

    assert to("reporter", channel)[-1] == "progressed"
    assert accepted().ticket_id == harness.state.ticket_id
