"""Who has no say in a ticket is told so alone: nothing of it stands there, and nothing of the ticket is told."""

import pytest

from services.routing.domain.ticket.refusals import UPDATES_MAX
from services.routing.domain.ticket.state import Answered, Closed, WithAgency
from shared import topics
from shared.events import (
    AnswerTicket,
    ArchiveTicket,
    ClosedBy,
    Command,
    ConfirmTicket,
    ProgressTicket,
    UpdateRefused,
    WithdrawTicket,
)
from shared.senders import refusals_topic, sender_of
from tests.builders import TICKET, ticket_id
from tests.component.routing.harness import CHANNEL, DEAD, DISHUB, DISHUB_TOPIC, OFFICER, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, Step, dies_after
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import author

pytestmark = pytest.mark.component

NOBODYS = ticket_id("web", "nobody's")
ATTACKS: list[tuple[str, str, Command, str]] = [
    ("/agencies/dlh", "/agencies/dlh", AnswerTicket(ticket_id=TICKET, answer="Sudah beres.", final=True), "not_found"),
    ("/channels/whatsapp", "/channels/whatsapp", ConfirmTicket(ticket_id=TICKET, rating=1), "not_found"),
    ("/channels/whatsapp", "/channels/whatsapp", WithdrawTicket(ticket_id=TICKET), "not_found"),
    ("/officers/nobody", "/officers/nobody", ArchiveTicket(ticket_id=TICKET, reason="unclear"), "unknown_officer"),
    ("/officers/desk", "/officers/desk", ArchiveTicket(ticket_id=TICKET, reason="unclear"), "not_permitted"),
    ("/agencies/dlh", DISHUB, AnswerTicket(ticket_id=TICKET, answer="Sudah beres.", final=True), "forged_source"),
    ("/agencies/dlh", CHANNEL, ConfirmTicket(ticket_id=TICKET, rating=1), "forged_source"),
    ("/channels/whatsapp", CHANNEL, ConfirmTicket(ticket_id=TICKET, rating=1), "forged_source"),
    ("/agencies/dlh", "/channels/links", ConfirmTicket(ticket_id=TICKET, rating=1), "forged_source"),
    ("/channels/links", CHANNEL, ConfirmTicket(ticket_id=TICKET, rating=1), "forged_source"),
    ("/agencies/dlh", OFFICER, ArchiveTicket(ticket_id=TICKET, reason="unclear"), "forged_source"),
]


async def answered() -> ServiceHarness:
    """Return a harness at which the agency of a ticket has answered it."""
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["answer"])
    await harness.work()
    return harness


@pytest.mark.parametrize(("writer", "source", "command", "code"), ATTACKS)
async def test_a_stranger_is_refused_alone_and_the_ticket_stays_as_it_is(
    writer: str, source: str, command: Command, code: str
) -> None:
    harness = await answered()
    before, history = harness.store.documents[TICKET], harness.broker.topic(topics.TICKETS).copy()
    sender = sender_of(writer)
    assert sender is not None
    harness.publish_data(sender.updates_topic, command, source)

    await harness.work()

    heard = harness.data(refusals_topic(sender))
    assert [(data.code, data.tracking_id, data.state, data.version, data.agency) for data in heard] == [
        (code, "", "unchanged", 0, None)
    ]
    assert harness.store.documents[TICKET] == before
    assert harness.broker.topic(topics.TICKETS) == history
    said_on = {topic for topic, _ in harness.broker.logs if not topics.is_from_outside(topic)}
    assert said_on - {topics.ACCEPTED, DEAD} == {
        topics.TICKETS, DISHUB_TOPIC, topics.status_topic("web"), refusals_topic(sender),
    }  # fmt: skip


async def test_a_stranger_cannot_tell_anothers_ticket_from_one_that_nobody_has() -> None:
    harness = await answered()
    for ticket in (TICKET, NOBODYS):
        harness.ask(ProgressTicket(ticket_id=ticket, note="Dikerjakan."), by="/agencies/dlh")
    await harness.work()
    harness.clock.at += harness.handler.policy.early_updates.wait_for

    await harness.sweep()

    one, other = harness.data(topics.agency_topic("dlh"))
    hidden = {"ticket_id": "", "update_id": "", "at": NOON}
    assert one.model_copy(update=hidden) == other.model_copy(update=hidden)


async def test_a_stranger_cannot_fill_a_ticket() -> None:
    harness = await answered()
    for _ in range(UPDATES_MAX + 1):
        harness.ask(COMMANDS["progress"], by="/agencies/dlh")
    harness.ask(COMMANDS["confirm"], by=CHANNEL)

    await harness.work()

    assert isinstance(harness.situation, Closed)
    assert harness.state.ticket.updates == 2


async def test_strangers_do_not_take_the_places_of_those_whose_complaint_will_come() -> None:
    harness = ServiceHarness()
    for _ in range(100):
        harness.ask(COMMANDS["progress"], by="/agencies/dlh")
    harness.ask(COMMANDS["reply"], by=CHANNEL)
    await harness.work()
    harness.complain()

    await harness.work()

    assert harness.names() == ["routed", "reporter_replied"]


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_refuses_a_stranger_once_per_id(last: Step) -> None:
    harness = await answered()
    harness.ask(COMMANDS["progress"], by="/agencies/dlh")
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()

    await harness.work()

    assert len({record.value for record in harness.broker.topic(topics.agency_topic("dlh"))}) == 1


async def test_an_officer_acts_for_the_agency_of_a_ticket_and_stands_as_the_author() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["answer"], by="/officers/desk")

    await harness.work()

    routed, fact = harness.data(topics.TICKETS)
    assert harness.situation == Answered("dishub")
    assert (routed.by, fact.agency, fact.by.model_dump()) == (None, "dishub", {"role": "officer", "code": "desk"})


async def test_the_history_names_the_author_of_every_fact() -> None:
    harness = ServiceHarness()
    harness.complain()
    for name, by in (("decline", DISHUB), ("answer", "/agencies/dlh"), ("dispute", CHANNEL), ("archive", OFFICER)):
        harness.ask(COMMANDS[name], by=by)

    await harness.work()

    authors = [data.author for data in harness.data(topics.TICKETS)]
    assert harness.names() == ["routed", "declined", "routed", "answered", "reopened", "archived"]
    assert authors == [None, *map(author, (DISHUB, DISHUB, "/agencies/dlh", CHANNEL, OFFICER))]
    (archived,) = (data for data in harness.data(topics.TICKETS) if getattr(data, "reason", "") == "unclear")
    assert archived.by is ClosedBy.OFFICER
    gone = [data for data in harness.data(DISHUB_TOPIC) if not isinstance(data, UpdateRefused)][-1]
    assert (gone.TYPE, gone.by.code) == ("tindak.ticket.unassigned.v1", "dishub")


async def test_a_ticket_that_only_follows_another_names_no_author() -> None:
    harness = ServiceHarness()
    harness.complain()
    harness.ask(COMMANDS["divide"], by=OFFICER)

    await harness.work()

    opened = [data for data in harness.data(topics.TICKETS) if data.parent == TICKET]
    assert [(data.part, data.by) for data in opened] == [(1, None), (2, None)]
    assert WithAgency("dlh") in [document.state.situation for document in harness.store.documents.values()]
