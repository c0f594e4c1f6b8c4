from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Document

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 28, tzinfo=UTC)


class Scan:
    """A collection, and its only cursor: a scan that met a replacement, so that a document is found twice."""

    def __init__(self, raws: list[dict[str, Any]]) -> None:
        self.raws = raws

    def find(self, *_: Any) -> "Scan":
        return self

    skip = limit = sort = find

    async def to_list(self, _: None) -> list[dict[str, Any]]:
        return self.raws


async def test_a_document_that_is_replaced_during_the_scan_is_found_once_as_it_is_now() -> None:
    states = TypeAdapter(int)
    raws = [
        DocumentCodec(states).encode(Document(id, state=state)) | {"rev": rev}
        for id, state, rev in (("a", 1, 1), ("b", 2, 1), ("a", 3, 2))
    ]
    collection: Any = Scan(raws)

    found = await MongoStore(collection, states).found({"due_at": {"$lte": AT}}, "due_at", 10)

    assert [(document.id, document.state, document.revision) for document in found] == [("a", 3, 2), ("b", 2, 1)]
