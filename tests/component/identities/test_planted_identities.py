"""Nobody's identity leaves intake and notify, wherever in a record somebody outside has written it."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from structlog.testing import capture_logs

from shared import events as e
from shared import topics
from shared.events.catalogue import CATALOGUE, Entry
from shared.events.commands import Command, PrivacyCommand, written_fields
from shared.events.envelope import stamp
from shared.senders import sender_of
from tests.builders import FROM_DISHUB, event, submitted, ticket_id
from tests.component.city import City
from tests.component.identities.places import leaks
from tests.component.identities.plantings import PERSON, SEARCH, Planting, plantings
from tests.fakes.handler_harness import NOON
from tests.sealing import SEALER

pytestmark = pytest.mark.component

SENDERS = {"channels": "/channels/web", "agencies": "/agencies/dishub", "officers": "/officers/triage"}
FROM_OUTSIDE = [entry for entry in CATALOGUE if entry.published_by in SENDERS]
LAMP = "Lampu jalan di tiang nomor 7 mati sejak seminggu."
AT_ONCE = 50  # records in one city
# Stand in the plantings for what each record has of its own.
TICKET, SOURCE_ID, EVENT = "11111111-2222-5333-8444-555555555555", "r-source", "66666666-7777-5888-8999-000000000000"
FILE = {"uri": "https://foto.example/lampu.jpg", "media_type": "image/jpeg"}
GIVEN: dict[type[e.EventData], dict[str, Any]] = {
    e.ComplaintSubmitted: {
        "channel": "web", "source_id": SOURCE_ID, "body": LAMP, "reporter": PERSON.reporter, "attachments": [FILE],
    },
    e.ProgressTicket: {"attachments": [FILE]},
    e.AnswerTicket: {"attachments": [FILE]},
    e.ReplyToTicket: {"attachments": [FILE]},
    e.AssignTicket: {"agency": "dsdabmbk"},
    e.ArchiveTicket: {"reason": "unclear"},
    e.ReclassifyTicket: {"classification": "complaint"},
    e.ExportReporter: {"public_key": "A" * 43 + "="},
    e.CorrectReporter: dict(zip(("sealed", "key_id"), SEALER.seal(TICKET, b"{}"), strict=True)),
}  # fmt: skip
ANSWERED = e.AnswerTicket(ticket_id=TICKET, answer="Sudah diperbaiki.", final=True)
BEFORE: dict[type[e.EventData], e.Command] = {
    e.ConfirmTicket: ANSWERED,
    e.DisputeTicket: ANSWERED,
    e.ResumeTicket: e.HoldTicket(ticket_id=TICKET, reason=e.HoldReason.FIELD_WORK),
}


@pytest.mark.parametrize("entry", FROM_OUTSIDE, ids=lambda entry: entry.data.TYPE)
async def test_no_identity_is_found_wherever_it_stands_in_a_record_of_an_outsider(entry: Entry) -> None:
    given = {} if entry.data is e.ComplaintSubmitted else {"ticket_id": TICKET}
    envelope = {
        "specversion": "1.0", "id": EVENT, "source": source_of(entry), "type": entry.data.TYPE, "time": stamp(NOON),
    }  # fmt: skip
    written = list(plantings(entry, given | GIVEN.get(entry.data, {}), envelope))
    taken: set[str | None] = set()
    for some in batched(written, AT_ONCE):
        city = City()
        with capture_logs() as logged:
            await prepare(city, entry, len(some))
            for number, planting in enumerate(some):
                write(city, entry, number, planting)
            await city.settle()
        assert leaks(city, logged, SEARCH) == {}, [planting.where for planting in some]
        refused = set(refused_ids(city))
        taken |= {planting.field for number, planting in enumerate(some) if event_id(number) not in refused}
    assert texts_of(entry) <= taken


def batched(all_of_them: Sequence[Planting], size: int) -> Iterator[Sequence[Planting]]:
    yield from (all_of_them[at : at + size] for at in range(0, len(all_of_them), size))


def texts_of(entry: Entry) -> set[str]:
    """Return the fields in which a whole sentence may stand; the others are refused, or left out, for being no code."""
    if not issubclass(entry.data, Command):
        return {"title", "body", "location.text", "category"}
    if entry.data is e.ArchiveTicket:
        return set()
    return {field.name for field in written_fields(entry.data) if not field.is_code}


def source_of(entry: Entry) -> str:
    return "/officers/privacy" if issubclass(entry.data, PrivacyCommand) else SENDERS[entry.published_by]


def event_id(number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{number}"))


def refused_ids(city: City) -> Iterator[str]:
    """Yield the ids of all events that were refused."""
    for topic in {name for name, _ in city.broker.logs if not topics.is_from_outside(name)}:
        for said in city.notify.published(topic) if topics.family_of(topic) != topic or topic == topics.TICKETS else ():
            if isinstance(said.data, e.UpdateRefused):
                yield said.data.update_id
            elif isinstance(said.data, e.ComplaintRejected) and said.cause_id is not None:
                yield said.cause_id


async def prepare(city: City, entry: Entry, count: int) -> None:
    """Bring so many tickets into the state in which such a record is taken."""
    if entry.data is e.ComplaintSubmitted:
        return
    for number in range(count):
        report = submitted(source_id=f"{number}", title=None, body=LAMP, classification="information_request")
        city.notify.publish(topics.submitted_topic("web"), event(report, source="/channels/web"))
    await city.settle()
    if (before := BEFORE.get(entry.data)) is not None:
        for number in range(count):
            asked = before.model_copy(update={"ticket_id": ticket_id("web", f"{number}")})
            city.notify.publish(FROM_DISHUB, event(asked, source="/agencies/dishub"))
        await city.settle()


def write(city: City, entry: Entry, number: int, planting: Planting) -> None:
    """Write a record about the ticket of that number."""
    own = {TICKET: ticket_id("web", f"{number}"), SOURCE_ID: f"r-{number}", EVENT: event_id(number)}

    def filled(content: bytes) -> bytes:
        for placeholder, meant in own.items():
            content = content.replace(placeholder.encode(), meant.encode())
        return content

    sender = sender_of(source_of(entry))
    assert sender is not None
    topic = topics.submitted_topic("web") if entry.data is e.ComplaintSubmitted else sender.updates_topic
    headers = {name: filled(content) for name, content in planting.headers.items()}
    city.notify.write(topic, filled(planting.value), planting.key, headers)
