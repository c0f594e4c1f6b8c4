"""Somebody who knows the field finds each thing by searching for its standard word."""

import pytest

from tests.architecture.source import ROOT

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("word", "room"),
    [
        ("deduplication", "services/routing/domain/duplicates"),
        ("deduplication", "shared/delivery"),
        ("idempotency", "shared/delivery"),
        ("outbox", "shared/delivery"),
        ("dead letter", "shared/delivery"),
        ("retry", "shared/delivery"),
        ("rebalance", "shared/adapters/kafka"),
        ("escalation", "services/sla/domain"),
        ("working time", "shared/working_time"),
        ("state machine", "services/routing/domain/ticket"),
        ("classifier", "services/routing/domain/agency_choice"),
        ("threshold", "services/routing/domain/agency_choice"),
        ("quarantine", "shared/adapters/mongo"),
        ("shard", "shared/adapters/mongo"),
    ],
)
def test_a_standard_word_leads_to_the_code_and_stands_in_the_glossary(word: str, room: str) -> None:
    sources = [path.read_text(encoding="utf-8").lower() for path in (ROOT / room).rglob("*.py")]
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()

    assert any(word in source for source in sources)
    assert word in glossary
