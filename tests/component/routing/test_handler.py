import pytest

from services.routing.domain.ticket.refusals import EARLY_PER_SENDER_MAX
from services.routing.domain.ticket.state import Answered, Closed, WithAgency
from shared import topics
from shared.events import ClockWarned, ClosedBy, FeedbackWindowExpired, SlaClock, UpdateRefused
from shared.ids import tracking_id
from tests.builders import TICKET, TRACKING, accepted, ticket_id
from tests.component.routing.harness import CHANNEL, DEAD, DISHUB_TOPIC, LAMP, OFFICER, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, Step, dies_after
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import LINK

pytestmark = pytest.mark.component

ID = "0c4b7b9e-55b5-5d5f-8a51-3d2f3f3a7c11"
WARNED = ClockWarned(
    ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.RESPOND, percent=50, due_at=NOON, agency="dishub",
    remaining_seconds=3600,
)  # fmt: skip
EXPIRED = FeedbackWindowExpired(ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.FEEDBACK, due_at=NOON)


async def test_a_complaint_reaches_the_topic_of_its_agency() -> None:
    harness = ServiceHarness()
    harness.complain()

    await harness.work()

    (routed,) = harness.data(DISHUB_TOPIC)
    assert routed.report.body == LAMP.body
    assert routed.link == LINK
    assert harness.data(topics.TICKETS) == [routed.model_copy(update={"report": None, "link": None})]
    assert {heard.key for heard in (*harness.published(topics.TICKETS), *harness.published(DISHUB_TOPIC))} == {TICKET}
    assert harness.broker.topic(topics.TRIAGE) == []


async def test_the_whole_life_of_a_ticket_is_published_in_order() -> None:
    harness = ServiceHarness()
    harness.complain()
    for name, by in (
        ("acknowledge", "/agencies/dishub"),
        ("hold", "/agencies/dishub"),
        ("reply", CHANNEL),
        ("progress", "/agencies/dishub"),
        ("answer", "/agencies/dishub"),
        ("dispute", CHANNEL),
        ("answer", "/agencies/dishub"),
        ("confirm", CHANNEL),
    ):
        harness.ask(COMMANDS[name], by=by)
        await harness.work()  # each has a topic of its own, and between two topics there is no order

    told = [
        "routed", "acknowledged", "held", "reporter_replied", "resumed", "progressed", "answered", "reopened",
        "answered", "closed",
    ]  # fmt: skip
    assert harness.names() == harness.names(DISHUB_TOPIC) == told
    assert [data.version for data in harness.data(topics.TICKETS)] == list(range(1, 11))
    assert harness.situation == Closed("dishub", ClosedBy.REPORTER, NOON)


async def test_a_ticket_that_nobody_wants_ends_with_an_officer_and_then_with_an_agency() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["decline"])
    harness.ask(COMMANDS["decline"], by="/agencies/dlh")
    harness.ask(COMMANDS["assign"], by=OFFICER)

    await harness.work()

    assert harness.names() == ["routed", "declined", "routed", "declined", "triage_requested", "routed"]
    assert harness.names(DISHUB_TOPIC) == ["routed", "unassigned"]
    assert harness.names(topics.agency_topic("dlh")) == ["routed", "unassigned"]
    assert harness.names(topics.TRIAGE) == ["triage_requested", "routed"]
    assert harness.situation == WithAgency("dsdabmbk")


async def test_the_clocks_of_sla_reach_the_agency_and_close_the_ticket() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["answer"])
    await harness.work()
    harness.publish_data(topics.WARNINGS, WARNED.model_copy(update={"agency": "dishub"}))
    harness.publish_data(topics.FOR_ROUTING, EXPIRED)

    await harness.work()

    assert sorted(harness.names(DISHUB_TOPIC)) == ["answered", "closed", "routed", "warned"]
    assert harness.situation == Closed("dishub", ClosedBy.SYSTEM, NOON)


async def test_a_refused_update_is_published_to_the_agency_that_asked() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["progress"], by="/agencies/dlh", id=ID)

    await harness.work()

    (refused,) = harness.data(topics.agency_topic("dlh"))
    assert isinstance(refused, UpdateRefused)
    assert (refused.code, refused.update_id, refused.version) == ("not_found", ID, 0)
    assert harness.situation == WithAgency("dishub")


async def test_the_same_messages_twice_change_nothing() -> None:
    harness = ServiceHarness()
    for _ in range(2):
        harness.complain(id=ID)
        harness.ask(COMMANDS["answer"], id="7d9f2d44-54fb-5d0e-90d6-2d1c9b0d2b70")
        await harness.work()

    assert {heard.id for heard in harness.published(topics.TICKETS)} == {
        heard.id for heard in harness.published(topics.TICKETS)[:2]
    }
    assert harness.situation == Answered("dishub")
    assert harness.state.ticket.updates == 1


async def test_a_complaint_twice_under_different_ids_is_one_ticket() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.complain()

    await harness.work()

    assert harness.names() == ["routed"]


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_at_any_step_publishes_every_fact_once_per_id(last: Step) -> None:
    whole, harness = ServiceHarness(), ServiceHarness()
    for one in (whole, harness):
        one.complain(id=ID)
        one.ask(COMMANDS["decline"])
        one.ask(COMMANDS["progress"], by="/agencies/dlh")
    await whole.work()
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()

    await harness.work()

    for topic in (topics.TICKETS, DISHUB_TOPIC, topics.agency_topic("dlh")):
        contents = {record.value for record in harness.broker.topic(topic)}
        assert contents == {record.value for record in whole.broker.topic(topic)}
    assert harness.state == whole.state


async def test_a_crash_publishes_an_untracked_refusal_once_per_id() -> None:
    harness = ServiceHarness()
    for _ in range(EARLY_PER_SENDER_MAX + 2):
        harness.ask(COMMANDS["progress"])
    harness.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    harness.clock.at += NOON - NOON.replace(hour=4)

    await harness.work()

    assert len(harness.broker.topic(DISHUB_TOPIC)) == 4
    assert len({record.value for record in harness.broker.topic(DISHUB_TOPIC)}) == 2


async def test_an_unreadable_message_becomes_a_dead_letter_and_the_next_is_handled() -> None:
    harness = ServiceHarness()
    harness.write(topics.UPDATES, b"{", key=TICKET)
    harness.publish_data(topics.UPDATES, accepted(), source=CHANNEL)
    harness.complain()
    harness.ask(COMMANDS["acknowledge"])

    await harness.work()

    assert [dict(record.headers)["dlq-reason"] for record in harness.broker.topic(DEAD)] == [
        b"malformed",
        b"schema_violation",
    ]
    assert harness.names() == ["routed", "acknowledged"]


async def test_tickets_do_not_touch_each_other() -> None:
    harness = ServiceHarness()
    other = ticket_id("web", "2")
    harness.complain()
    harness.complain(LAMP.model_copy(update={"ticket_id": other, "tracking_id": tracking_id(other)}))
    harness.ask(COMMANDS["answer"])

    await harness.work()

    assert harness.situation == Answered("dishub")
    assert harness.store.documents[other].state.situation == WithAgency("dishub")
