"""An agency that has declined a report hears no more of it, in whichever service somebody remembers it."""

from datetime import timedelta

import pytest

from shared import topics
from shared.events import (
    AssignTicket,
    ClockBreached,
    ClockWarned,
    DeclineTicket,
    Reporter,
    SlaClock,
    TriageRequested,
)
from tests.builders import TICKET, submitted
from tests.component.city import OFFICER, WEB, City
from tests.unit.notify.samples import EMAIL

pytestmark = pytest.mark.component

LAMP = submitted(title=None, body="Lampu jalan mati sejak seminggu.", reporter=Reporter(name="Siti", email=EMAIL))
OF_AGENCY = {"liaison", "agency_head"}


async def declined() -> City:
    """Return the services after dishub got the report, declined it, and no officer decided for half a year."""
    city = City()
    await city.receive(topics.submitted_topic("web"), LAMP, WEB)
    await city.ask(("/agencies/dishub", DeclineTicket(ticket_id=TICKET, reason="Bukan wewenang kami.")))
    city.notify.email.given.clear()
    await city.pass_time(timedelta(days=180))
    return city


async def test_an_agency_that_declined_gets_no_warnings_or_breaches() -> None:
    city = await declined()

    about_resolve = {
        type(data): data.agency
        for topic in (topics.WARNINGS, topics.BREACHES)
        for data in city.sla.data(topic)
        if isinstance(data, ClockWarned | ClockBreached) and data.clock is SlaClock.RESOLVE
    }
    assert about_resolve == {ClockWarned: None, ClockBreached: None}
    assert [message for message in city.notify.email.given if message.role in OF_AGENCY] == []


async def test_the_letter_of_the_breach_names_no_agency_after_a_decline() -> None:
    city = await declined()

    letters = [message for message in city.notify.email.given if message.role == "reporter"]
    assert sum("terlambat ditangani" in letter.subject for letter in letters) == 1
    assert [letter.subject for letter in letters if "Perhubungan" in letter.subject + letter.body] == []


async def test_every_fact_after_a_decline_names_the_current_agency() -> None:
    city = await declined()
    await city.ask((OFFICER, AssignTicket(ticket_id=TICKET, agency="dlh", reason="Sesuai tugas.")))

    told = [(data.TYPE.split(".")[2], data.agency) for data in city.routing.data(topics.TICKETS)]
    assert told == [("routed", "dishub"), ("declined", "dishub"), ("triage_requested", None), ("routed", "dlh")]
    assert city.findings() == []


async def test_the_question_to_an_officer_states_that_no_agency_has_the_ticket() -> None:
    city = await declined()

    (asked,) = (data for data in city.routing.data(topics.TRIAGE) if isinstance(data, TriageRequested))
    assert asked.agency is None
