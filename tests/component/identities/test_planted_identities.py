"""Nobody's identity leaves intake and notify, wherever in an event somebody outside has written it."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from structlog.testing import capture_logs

from shared import events as e
from shared import topics
from shared.events.catalogue import CATALOGUE, Entry
from shared.events.envelope import stamp
from shared.senders import sender_of
from tests.builders import submitted, ticket_id
from tests.component.city import City
from tests.component.identities.places import leaks
from tests.component.identities.plantings import PERSON, SEARCH, Planting, plantings

pytestmark = pytest.mark.component

OUTSIDERS = {"channels": "/channels/web", "agencies": "/agencies/dishub", "officers": "/officers/triage"}
FROM_OUTSIDE = [entry for entry in CATALOGUE if entry.published_by in OUTSIDERS]
LAMP = "Lampu jalan di tiang nomor 7 mati sejak seminggu."
TICKET, SOURCE_ID, EVENT = "11111111-2222-5333-8444-555555555555", "r-source", "66666666-7777-5888-8999-000000000000"

GIVEN: dict[type[e.EventData], dict[str, Any]] = {
    e.ComplaintSubmitted: {"channel": "web", "source_id": SOURCE_ID, "body": LAMP, "reporter": PERSON.reporter},
    e.AssignTicket: {"agency": "dsdabmbk"},
    e.ArchiveTicket: {"reason": "unclear"},
    e.ReclassifyTicket: {"classification": "information_request"},
}
BEFORE: dict[type[e.EventData], e.Command] = {
    e.ConfirmTicket: e.AnswerTicket(ticket_id=TICKET, answer="Sudah diperbaiki.", final=True),
    e.DisputeTicket: e.AnswerTicket(ticket_id=TICKET, answer="Sudah diperbaiki.", final=True),
    e.ResumeTicket: e.HoldTicket(ticket_id=TICKET, reason=e.HoldReason.FIELD_WORK),
}
NEVER_TAKEN = frozenset({"ticket_id", "into", "agency", "suggested_agency", "channel"})


@pytest.mark.parametrize("entry", FROM_OUTSIDE, ids=lambda entry: entry.data.TYPE)
async def test_no_identity_is_found_wherever_it_stands_in_a_record_of_an_outsider(entry: Entry) -> None:
    city, found = City(), {}
    source = OUTSIDERS[entry.published_by]
    envelope = {
        "specversion": "1.0", "id": EVENT, "source": source, "type": entry.data.TYPE, "time": stamp(city.clock.now()),
    }  # fmt: skip
    given = {} if entry.data is e.ComplaintSubmitted else {"ticket_id": TICKET}
    with capture_logs() as logged:
        for number, planting in enumerate(plantings(entry, given | GIVEN.get(entry.data, {}), envelope)):
            await prepare(city, entry, number)
            await write(city, entry, source, number, planting)
        found = leaks(city, logged, SEARCH)
    assert found == {}


async def prepare(city: City, entry: Entry, number: int) -> None:
    """Bring the ticket that the next record is about into the state in which such a record is taken."""
    if entry.data is e.ComplaintSubmitted:
        return
    report = submitted(source_id=f"{number}", title=None, body=LAMP, classification="information_request")
    await city.receive(topics.submitted_topic("web"), report, "/channels/web")
    if (before := BEFORE.get(entry.data)) is not None:
        await city.ask(("/agencies/dishub", before.model_copy(update={"ticket_id": ticket_id("web", f"{number}")})))


async def write(city: City, entry: Entry, source: str, number: int, planting: Planting) -> None:
    """Write a record about the ticket of that number, and let everybody hear all that follows."""
    own = {
        TICKET: ticket_id("web", f"{number}"),
        SOURCE_ID: f"r-{number}",
        EVENT: str(uuid5(NAMESPACE_URL, f"{number}")),
    }

    def filled(content: bytes) -> bytes:
        for placeholder, meant in own.items():
            content = content.replace(placeholder.encode(), meant.encode())
        return content

    sender = sender_of(source)
    assert sender is not None
    topic = topics.submitted_topic("web") if entry.data is e.ComplaintSubmitted else sender.updates_topic
    headers = {name: filled(content) for name, content in planting.headers.items()}
    city.notify.write(topic, filled(planting.value), planting.key, headers)
    await city.settle()
