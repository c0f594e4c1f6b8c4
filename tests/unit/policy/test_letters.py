"""What the letters of the shipped policy say for each value that an event can hold."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from services.notify.tooling import EMAIL, SMS, file_of, load_notices
from services.routing.domain.agency_choice.verdict import Doubt
from shared.events import ArchiveReason, Classification, ClosedBy, HoldReason, Priority, SlaClock
from tindak.policy.samples import SAMPLES

pytestmark = pytest.mark.policy

POLICY = load_notices(Path(__file__).parents[3] / "policy")
TEMPLATES = sorted({notice.template for notice in POLICY.rules.notices})
ENGLISH = re.compile(
    r"\b(?:or|and|the|is|are|was|not|of|must|least|than|with|has|have|this|that|your|for|from|by)\b", re.IGNORECASE
)
CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
VALUES: dict[str, list[Any]] = {
    "missing": [["location"], ["description"], ["identity"]],
    "classification": list(Classification),
    "clock": list(SlaClock),
    "by": list(ClosedBy),
    "priority": list(Priority),
}
REASONS: dict[str, list[Any]] = {
    "archived": list(ArchiveReason),
    "due_changed": ["reclassified", "held", "reassigned", "calendar_changed", "policy_changed", "started_otherwise"],
    "held": list(HoldReason),
    "triage_request": list(Doubt),
    "waiting": list(HoldReason),
}


def variants(template: str) -> list[dict[str, object]]:
    return [
        {name: value if isinstance(value, list) else str(value)}
        for name, values in (*VALUES.items(), ("reason", REASONS.get(template, [])))
        for value in values
    ]


def raw(value: Any) -> list[str]:
    """Return the words of a code as they must not stand in a letter."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("template", "language"),
    [
        (template, language)
        for template, language in product(TEMPLATES, ["id", "en", "jv", "su"])
        if file_of(template, language) in POLICY.templates.sources
    ],
)
def test_no_letter_shows_a_code(template: str, language: str) -> None:
    for changes in variants(template):
        for channel in (EMAIL, SMS):
            text = POLICY.templates.render(template, language, {**SAMPLES, **changes}, channel)

            assert CODE.findall(text.subject + text.body) == [], changes


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_indonesian_letter_holds_english(template: str) -> None:
    for changes in variants(template):
        text = POLICY.templates.render(template, "id", {**SAMPLES, **changes})
        plain = re.sub(r"\S+@\S+|https?://\S+", "", text.subject + "\n" + text.body)

        assert ENGLISH.findall(plain) == [], changes
        assert [word for value in changes.values() for word in raw(value) if re.search(rf"\b{word}\b", plain)] == []
