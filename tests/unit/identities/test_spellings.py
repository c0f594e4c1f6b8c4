"""How much of what people type is found, by kind of identity, and how much that is harmless is taken for one.

`spellings.tsv` holds, by kind, texts as people type them (``\\n`` for a new line) and what of each may not be left.
"""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from shared.policy.identities import load_identities
from tests.conftest import POLICY

pytestmark = pytest.mark.unit

mask = load_identities(POLICY).mask
PIECE = re.compile(r"[^\W_]{2,}")
HARMLESS = "harmless"
FOUND_MIN = {
    "telephone": 0.95, "national_id": 0.95, "family_card": 0.95, "email": 0.95,
    "health_insurance": 0.85, "account": 0.85, "wallet": 0.85, "handle": 0.85, "link": 0.85, "plate": 0.85,
    "driving_licence": 0.85, "passport": 0.85, "taxpayer_id": 0.85, "civil_servant_id": 0.85, "student_id": 0.85,
    "introduced_name": 0.6, "third_person": 0.6, "home": 0.5,
}  # fmt: skip
HARMLESS_MAX = 0.015


def texts() -> dict[str, list[tuple[str, str]]]:
    """Return the texts of each kind, each with what may not be left of it."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with Path(__file__).with_name("spellings.tsv").open(encoding="utf-8", newline="") as file:
        for kind, text, *identity in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            found[kind].append((text.replace("\\n", "\n"), " ".join(identity).replace("\\n", "\n")))
    return found


TEXTS = texts()


def left_of(text: str, identity: str) -> set[str]:
    """Return which pieces of an identity are left in the masked text."""
    return set(PIECE.findall(identity.lower())) & set(PIECE.findall(mask(text).lower()))


def test_every_kind_has_texts() -> None:
    assert set(TEXTS) == {*FOUND_MIN, HARMLESS}
    assert min(map(len, TEXTS.values())) >= 9


@pytest.mark.parametrize("kind", FOUND_MIN)
def test_enough_of_each_kind_is_found(kind: str) -> None:
    missed = {text: left for text, identity in TEXTS[kind] if (left := left_of(text, identity))}

    assert 1 - len(missed) / len(TEXTS[kind]) >= FOUND_MIN[kind], missed


def test_hardly_anything_harmless_is_covered() -> None:
    covered = {text: shown for text, _ in TEXTS[HARMLESS] if (shown := mask(text)) != text}

    assert len(covered) / len(TEXTS[HARMLESS]) <= HARMLESS_MAX, covered


@pytest.mark.parametrize("kind", [*FOUND_MIN, HARMLESS])
def test_what_is_covered_once_stays_as_it_is(kind: str) -> None:
    """What waits for its complaint is masked when it comes and when it is read again."""
    changed = {text: again for text, _ in TEXTS[kind] if (again := mask(shown := mask(text))) != shown}

    assert changed == {}
