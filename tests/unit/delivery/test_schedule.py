from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.delivery.decider import with_schedule
from shared.delivery.documents.document import Document
from shared.values import replace, value
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

LATER = NOON + timedelta(days=1)


@value
class Scheduled:
    """Only as much of a handler as says when a state is due."""

    due: datetime | None
    expires: datetime | None

    def due_at(self, state: str) -> datetime | None:
        return self.due

    def expires_at(self, state: str) -> datetime | None:
        return self.expires


def scheduled(due: datetime | None, expires: datetime | None, document: Document[str]) -> Document[str]:
    handler: Any = Scheduled(due, expires)
    return with_schedule(handler, document)


@pytest.mark.parametrize("due", [None, NOON, LATER])
@pytest.mark.parametrize("expires", [None, NOON, LATER])
@pytest.mark.parametrize("before", [(None, None), (NOON, LATER)])
def test_a_document_bears_the_instants_of_its_state(
    due: datetime | None, expires: datetime | None, before: tuple[datetime | None, datetime | None]
) -> None:
    document = Document("t", state="s", due_at=before[0], expires_at=before[1])

    assert scheduled(due, expires, document) == replace(document, due_at=due, expires_at=expires)
    assert scheduled(due, expires, replace(document, state=None)) == Document("t")
