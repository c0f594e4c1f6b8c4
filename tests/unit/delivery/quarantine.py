"""A service that counts events, and documents of it that it cannot work with."""

from pydantic import TypeAdapter

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.ports import Record
from shared.events import Event, ResumeTicket
from tests.builders import TICKET, accepted, event, ticket_id
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import HandlerHarness
from tests.fakes.stored import StoredMemoryStore

OTHER = ticket_id("web", "2")
COUNTS = TypeAdapter(Count)
LETTERS = topics.dead_letter_topic("routing")
TOPICS = (topics.ACCEPTED, topics.UPDATES, topics.replay_topic("routing"))
FIRST = event(accepted())


def resumed(ticket: str, number: int) -> Event:
    return event(ResumeTicket(ticket_id=ticket), id=f"00000000-0000-4000-8000-{number:012}")


def harness_with(store: StoredMemoryStore[Count]) -> HandlerHarness:
    return HandlerHarness(Counter(topics=TOPICS), store)  # type: ignore[arg-type]  # the same port, another memory


def broken() -> tuple[HandlerHarness, StoredMemoryStore[Count]]:
    """Return a service that has counted one event, in a document that it cannot read."""
    store = StoredMemoryStore.of(COUNTS)
    store.raws[TICKET] = store.codec.encode(Document(TICKET, state=Count(1)))
    store.raws[TICKET]["state"] = {"kind": "unheard of"}
    return harness_with(store), store


def letters(harness: HandlerHarness) -> list[dict[str, str]]:
    told = ("dlq-reason", "dlq-document", "dlq-attempts")
    headers = [dict(record.headers) for record in harness.broker.topic(LETTERS)]
    return [{name: each[name].decode() for name in told} for each in headers]


def waits(reason: str = "document_unreadable", attempts: str = "1") -> dict[str, str]:
    return {"dlq-reason": reason, "dlq-document": TICKET, "dlq-attempts": attempts}


def counted(harness: HandlerHarness) -> dict[str, list[int]]:
    """Return the counts that were said, by ticket."""
    said: dict[str, list[int]] = {}
    for fact in harness.data(topics.TICKETS):
        said.setdefault(fact.ticket_id, []).append(fact.version)
    return said


def replay(harness: HandlerHarness, *some: Record) -> None:
    """Give the service its dead letters again, as the command line does; all of them unless *some* are given."""
    for letter in some or harness.broker.topic(LETTERS):
        harness.broker.append(topics.replay_topic("routing"), letter.key, letter.value, letter.headers)
