"""A report of violence goes through all four services: confidential, urgent, by itself, and told in few words."""

from typing import Any

import pytest

from shared import topics
from shared.events import (
    AssignTicket,
    ClusterJoined,
    ComplaintAccepted,
    Event,
    MergeTicket,
    Priority,
    ReclassifyTicket,
    Reporter,
    TicketRouted,
    TriageRequested,
    UpdateRefused,
)
from shared.events.envelope import encode
from tests.builders import submitted, ticket_id
from tests.component.city import OFFICER, WEB, City
from tests.unit.notify.samples import EMAIL

pytestmark = pytest.mark.component

BODY = "Anak tetangga dipukuli tiap hari oleh ayahnya, tolong rahasiakan saya"
PLACE = {"kelurahan": "Sawah Baru", "kecamatan": "Ciputat", "text": "Gang Mawar"}
AGENCY = topics.agency_topic("dp3ap2kb")
WORDS = ("dipukuli", "ayahnya", "Mawar")
HELD_BY_ROUTING_AND_INTAKE = {topics.ACCEPTED, topics.answers_topic("web"), topics.submitted_topic("web"), AGENCY}


def report(number: int, body: str = BODY, **changes: Any) -> Any:
    given = {
        "title": None,
        "location": PLACE,
        "reporter": Reporter(name="Siti", email=EMAIL),
        "target_agency": "dishub",
    }
    return submitted(source_id=str(number), body=body, **given | changes)


async def reported(*bodies: str) -> City:
    city = City()
    for number, body in enumerate(bodies, 1):
        await city.receive(topics.submitted_topic("web"), report(number, body), WEB)
    return city


def routed(city: City, topic: str = topics.TICKETS) -> list[TicketRouted]:
    return [data for data in city.routing.data(topic) if isinstance(data, TicketRouted)]


async def test_the_agency_that_policy_names_gets_it_at_once_confidential_and_urgent() -> None:
    city = await reported(BODY)

    (accepted,) = (data for data in city.routing.data(topics.ACCEPTED) if isinstance(data, ComplaintAccepted))
    assert (accepted.confidential, accepted.anonymous) == (True, True)
    assert {"sensitive", "sensitive_child_abuse"} <= set(accepted.flags)
    (found,) = routed(city, AGENCY)
    assert (found.agency, found.priority, found.priority_reason) == ("dp3ap2kb", Priority.EMERGENCY, "sensitive")
    assert found.report is not None
    assert found.report.body == BODY
    assert [step.step for step in found.explanation] == ["sensitive"]
    assert city.findings() == []


async def test_two_of_the_same_matter_are_never_followed_together_nor_shown_to_each_other() -> None:
    city = await reported(BODY, BODY, BODY)

    assert [(one.cluster, one.similar) for one in routed(city)] == [(None, ())] * 3
    assert not [data for data in city.routing.data(topics.TICKETS) if isinstance(data, ClusterJoined)]
    assert city.routing.data(topics.LINKS) == []


async def test_its_words_stand_on_no_topic_but_where_somebody_must_act_on_them() -> None:
    city = await reported(BODY)

    found = {
        topic
        for (topic, _), log in city.broker.logs.items()
        if topic not in HELD_BY_ROUTING_AND_INTAKE and any(word in _text(record) for record in log for word in WORDS)
    }
    assert found == set()


def _text(record: Any) -> str:
    value = record.value
    return value.decode() if isinstance(value, bytes) else str(encode(value) if isinstance(value, Event) else value)


async def test_no_mail_to_anybody_holds_its_words_and_its_reporter_gets_advice() -> None:
    city = await reported(BODY)

    sent = city.notify.email.given
    assert {("agency_sensitive", "liaison"), ("agency_sensitive", "protection_desk")} <= {
        (message.notice, message.role) for message in sent
    }
    assert [m.notice for m in sent if any(word in m.subject + m.body for word in WORDS)] == []
    assert [m.notice for m in sent if m.role == "reporter" and "SAPA 129" in m.body] == ["routed"]


async def test_an_officer_can_merge_it_with_nothing() -> None:
    city = await reported(BODY, "Lampu jalan mati di Gang Mawar sejak seminggu")
    one, two = ticket_id("web", "1"), ticket_id("web", "2")

    await city.ask((OFFICER, MergeTicket(ticket_id=one, into=two)), (OFFICER, MergeTicket(ticket_id=two, into=one)))

    assert [data.code for data in city.routing.data(topics.TRIAGE) if isinstance(data, UpdateRefused)] == [
        "followed_alone"
    ]
    followed = [city.routing.store.documents[ticket].state.ticket for ticket in (one, two)]
    assert [(ticket.cluster, ticket.members) for ticket in followed] == [(None, ()), (None, ())]
    assert city.findings() == []


async def test_an_officer_takes_back_what_was_no_sensitive_report() -> None:
    city = await reported(BODY)
    ticket = ticket_id("web", "1")

    await city.ask(
        (OFFICER, ReclassifyTicket(ticket_id=ticket, classification="complaint", reason="Keliru.", ordinary=True)),
        (OFFICER, AssignTicket(ticket_id=ticket, agency="dsdabmbk", reason="Jalan.")),
    )

    last = routed(city)[-1]
    assert (last.agency, last.priority_reason, last.officer, last.confidential) == ("dsdabmbk", None, None, True)
    assert not [data for data in city.routing.data(topics.TRIAGE) if isinstance(data, TriageRequested)]
    assert city.findings() == []
