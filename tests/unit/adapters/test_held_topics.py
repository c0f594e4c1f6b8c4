from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from shared.adapters.kafka.held_topics import HeldTopics
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Obstacle
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

DISHUB, DLH = "tickets.routed.dishub", "tickets.routed.dlh"


def waiting(id: str, *topics: str) -> Document[int]:
    events = tuple(Outgoing(f"{id}{number}", topic, id, b"{}") for number, topic in enumerate(topics))
    return Document(id, 1, 1, pending=events, pending_at=NOON - timedelta(days=1))


def gauge(topic: str) -> float | None:
    return REGISTRY.get_sample_value("tindak_held_events", {"service": "routing", "topic": topic})


async def test_each_topic_that_holds_back_is_named_with_why_and_how_much() -> None:
    documents = [waiting("a", DISHUB, DISHUB, "tickets.events"), waiting("b", DISHUB, DLH)]
    store = MemoryStore(documents={document.id: document for document in documents})
    held = HeldTopics("routing", lambda: {DISHUB: Obstacle.MISSING, DLH: Obstacle.FORBIDDEN}, store)

    await held.count()

    assert held.remark() == (
        f"{DISHUB} is missing: 3 events of 2 documents wait; {DLH} is forbidden to us: 1 events of 1 documents wait"
    )
    assert (gauge(DISHUB), gauge(DLH)) == (3, 1)


async def test_open_topics_have_no_remark() -> None:
    obstacles = {DISHUB: Obstacle.MISSING}
    store = MemoryStore(documents={"a": waiting("a", DISHUB)})
    held = HeldTopics("routing", lambda: obstacles, store)
    await held.count()

    obstacles.clear()
    await held.count()

    assert (held.remark(), gauge(DISHUB)) == ("", 0)
