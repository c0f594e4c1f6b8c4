"""Of tickets that tell of one matter, each person and each liaison hears once of each state."""

from collections import Counter
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.outcomes import Untried
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.sending.admission import still_wanted
from shared import topics
from shared.delivery.ports import TransientError
from shared.events import (
    AnswerOffered,
    ClockBreached,
    ClockWarned,
    ClusterJoined,
    ClusterLeft,
    EventData,
    NotificationSuppressed,
    ReporterReplied,
    SlaClock,
    TicketAnswered,
    TicketReopened,
    TicketRouted,
    TicketUnmerged,
)
from shared.ids import tracking_id
from tests.builders import event
from tests.component.notify.harness import RecordingChannel, ServiceHarness
from tests.fakes.addresses import MemoryAddressBook
from tests.unit.notify.samples import EMAIL, LEADER, POLICY, correspondence, delivery, said, started

pytestmark = pytest.mark.component

MINUTE = timedelta(minutes=1)


def harness() -> ServiceHarness:
    made = ServiceHarness(POLICY.rules)
    made.sender.addresses = MemoryAddressBook(AddressLimits(hourly_max=1000, daily_max=1000))
    return made


def tell(city: ServiceHarness, ticket: str, *told: EventData) -> None:
    """Say something of a ticket."""
    for data in told:
        about = data.model_copy(update={"ticket_id": ticket, "tracking_id": tracking_id(ticket)})
        topic = {ClockWarned: topics.WARNINGS, ClockBreached: topics.BREACHES}.get(type(data), topics.TICKETS)
        city.publish(topics.SLA if data.TYPE.startswith("tindak.sla.clock_started") else topic, event(about))


async def reported(city: ServiceHarness, count: int, *, of: str | None = None, agency: str = "dishub") -> list[str]:
    """Return a leader and those who follow it, all of them routed; each of another reporter, or all of one."""
    tickets = []
    for number in range(count):
        ticket = city.report(number, email=of or f"warga{number}@warga.example")
        leads = ticket == LEADER
        tell(city, ticket, said(TicketRouted, cluster=None if leads else LEADER, agency=agency))
        if not leads:
            tell(city, ticket, said(ClusterJoined, agency=agency))
        tell(city, ticket, started(SlaClock.RESPOND), started(SlaClock.RESOLVE))
        tickets.append(ticket)
    await settle(city)
    return tickets


async def settle(city: ServiceHarness) -> None:
    await city.work()
    await city.send_in_time()
    city.pass_time(6 * MINUTE)


async def answered(city: ServiceHarness, tickets: list[str], text: str = "Lampu sudah menyala.") -> None:
    tell(city, LEADER, said(TicketAnswered, answer=text))
    for ticket in tickets[1:]:
        tell(city, ticket, said(AnswerOffered, answer=text, cluster=LEADER))
    for ticket in tickets:
        tell(city, ticket, started(SlaClock.FEEDBACK, at=city.clock.now() - 6 * MINUTE))
    await settle(city)


def letters(city: ServiceHarness, role: str) -> Counter[str]:
    return Counter(message.notice for message in city.email.given if message.role == role)


def suppressed(city: ServiceHarness) -> Counter[str]:
    return Counter(fact.why for fact in city.facts if isinstance(fact, NotificationSuppressed))


async def test_fifty_followers_of_one_cluster_get_one_message_each_for_each_state() -> None:
    city = harness()
    tickets = await reported(city, 51)

    await answered(city, tickets)

    assert letters(city, "reporter") == {"accepted": 51, "routed": 51, "answered": 1, "answer_offered": 50}
    by_reporter = Counter((message.address, message.notice) for message in city.email.given)
    assert set(by_reporter.values()) == {1}
    assert all(
        tracking_id(message.ticket_id) in message.subject for message in city.email.given if message.role == "reporter"
    )


async def test_the_liaison_gets_one_letter_for_the_lamp() -> None:
    city = harness()
    tickets = await reported(city, 51)

    for ticket in tickets:
        tell(city, ticket, said(ClockWarned))
    await settle(city)
    for ticket in tickets:
        tell(city, ticket, said(ClockBreached))
    await settle(city)

    assert letters(city, "liaison") == {"agency_new_ticket": 1, "agency_warning": 1, "agency_breach": 1}
    assert {message.ticket_id for message in city.email.given if message.role == "liaison"} == {LEADER}
    assert suppressed(city)["same_cluster"] == 50 * 4  # the agency's head hears of breaches, too


async def test_a_person_with_five_tickets_of_a_cluster_gets_one_message_for_each_state() -> None:
    city = harness()
    tickets = await reported(city, 5, of=EMAIL)

    await answered(city, tickets)

    told = letters(city, "reporter")
    assert told["accepted"] == 5  # the receipt of each, which alone says its tracking id
    assert told["routed"] == 1
    assert told["answered"] + told["answer_offered"] == 1


@given(
    told_of=st.permutations(range(6)), people=st.integers(1, 6), gathers=st.lists(st.booleans(), min_size=6, max_size=6)
)
@settings(max_examples=20, deadline=None)
async def test_whoever_is_told_of_first_each_person_hears_each_state_of_a_cluster_once(
    told_of: list[int], people: int, gathers: list[bool]
) -> None:
    city = harness()
    tickets = [city.report(number, email=f"warga{number % people}@warga.example") for number in range(6)]
    for number in told_of:
        leads = tickets[number] == LEADER
        routed = said(TicketRouted, cluster=None if leads else LEADER)
        tell(city, tickets[number], routed, started(SlaClock.RESPOND), started(SlaClock.RESOLVE))
        if gathers[number]:
            await settle(city)
    await settle(city)
    for number in told_of:
        leads = tickets[number] == LEADER
        answer = said(TicketAnswered) if leads else said(AnswerOffered, cluster=LEADER)
        tell(city, tickets[number], answer.model_copy(update={"answer": "Lampu sudah menyala."}))
        tell(city, tickets[number], started(SlaClock.FEEDBACK, at=city.clock.now() - 6 * MINUTE))
        if gathers[number]:
            await settle(city)
    await settle(city)

    heard = Counter(
        (message.address, "answered" if message.notice == "answer_offered" else message.notice)
        for message in city.email.given
        if message.role == "reporter" and message.notice != "accepted"
    )
    assert heard == {
        (f"warga{person}@warga.example", state): 1 for person in range(people) for state in ("routed", "answered")
    }


async def test_a_leader_whose_follower_was_told_of_first_is_over_at_once() -> None:
    city = harness()
    leader, follower = await reported(city, 2, of=EMAIL)
    feedback = started(SlaClock.FEEDBACK, at=city.clock.now())
    tell(city, follower, said(AnswerOffered, answer="Lampu sudah menyala.", cluster=LEADER), feedback)
    await settle(city)

    tell(city, leader, said(TicketAnswered, answer="Lampu sudah menyala."), feedback)
    await city.work()
    await city.send()

    assert letters(city, "reporter") == {"accepted": 2, "routed": 1, "answer_offered": 1}
    assert suppressed(city)["same_cluster"] == 3  # with the second report's routing, to its reporter and its liaison
    assert city.store.documents[leader].due_at is None


async def test_a_second_answer_and_another_agency_are_news_again() -> None:
    city = harness()
    tickets = await reported(city, 3, of=EMAIL)
    await answered(city, tickets)

    for ticket in tickets:
        tell(city, ticket, said(TicketRouted, agency="dlh", version=3, cluster=None if ticket == LEADER else LEADER))
        tell(city, ticket, started(SlaClock.RESPOND, at=city.clock.now()))
    await settle(city)
    await answered(city, tickets, "Kabel sudah diganti.")

    told = letters(city, "reporter")
    assert told["routed"] == 2
    assert told["answered"] + told["answer_offered"] == 2


async def test_what_one_reporter_says_reaches_the_liaison_of_a_follower() -> None:
    city = harness()
    tickets = await reported(city, 3)
    city.email.given.clear()

    tell(city, tickets[1], said(ReporterReplied))
    tell(city, tickets[2], said(TicketReopened))
    await settle(city)
    tell(city, tickets[2], said(ClockBreached, clock="resolve"))
    await settle(city)

    assert letters(city, "liaison") == {"agency_reply": 1, "agency_reopened": 1, "agency_breach": 1}


async def test_a_follower_with_another_agency_than_its_leader_is_told_of() -> None:
    city = harness()
    follower = (await reported(city, 2))[1]

    tell(city, follower, said(TicketRouted, agency="dlh", version=3, cluster=LEADER))
    tell(city, follower, started(SlaClock.RESPOND, at=city.clock.now()))
    await settle(city)

    to_liaisons = [message.address for message in city.email.given if message.role == "liaison"]
    assert len(set(to_liaisons)) == len(to_liaisons) == 2


@pytest.mark.parametrize("leaves", [said(ClusterLeft), said(TicketUnmerged)], ids=["refused", "taken apart"])
async def test_the_liaison_is_told_of_a_follower_that_is_one_no_more(leaves: EventData) -> None:
    city = harness()
    tickets = await reported(city, 3)

    tell(city, tickets[2], leaves)
    await settle(city)

    assert letters(city, "liaison") == {"agency_new_ticket": 1, leaves_as(leaves): 1}
    assert tracking_id(tickets[2]) in city.email.given[-1].subject


def leaves_as(data: EventData) -> str:
    return "agency_unmerged" if isinstance(data, TicketUnmerged) else "agency_followed_alone"


async def test_a_liaison_that_was_told_is_not_told_again_when_the_ticket_leaves() -> None:
    city = harness()
    [leader] = await reported(city, 1)

    tell(city, leader, said(TicketUnmerged))
    await settle(city)

    assert letters(city, "liaison") == {"agency_new_ticket": 1}


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_order_of_topics_makes_no_difference_to_a_cluster(order: tuple[int, ...]) -> None:
    city = harness()
    await reported(city, 1)
    ticket = city.report(1, email="warga1@warga.example")
    said_by: list[tuple[EventData, ...]] = [
        (said(TicketRouted, cluster=LEADER), said(ClusterJoined)), (started(SlaClock.RESPOND),), (said(ClockWarned),)
    ]  # fmt: skip
    for place in order:
        tell(city, ticket, *said_by[place])
        await city.work()

    await settle(city)

    assert letters(city, "liaison") == {"agency_new_ticket": 1}
    assert suppressed(city) == {"same_cluster": 2}
    assert isinstance(city.email, RecordingChannel)


async def test_whose_leader_cannot_be_looked_up_now_is_looked_up_later() -> None:
    async def out_of_reach(ticket_id: str) -> Correspondence | None:
        raise TransientError("MongoDB: gone")

    async def unheard_of(ticket_id: str) -> Correspondence | None:
        return None

    held = delivery(role="liaison", agency="dishub", notice="agency_new_ticket")
    follower = correspondence(held, follows=LEADER)

    assert await still_wanted(out_of_reach, POLICY.rules, follower, held) == Untried()
    assert await still_wanted(unheard_of, POLICY.rules, follower, held) is None  # nobody has heard of the leader
