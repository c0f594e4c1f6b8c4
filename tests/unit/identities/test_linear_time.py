"""No text takes longer than its length allows: by what the expressions are made of, not by how long they take."""

import re
from collections.abc import Iterator
from re import _constants as kinds  # type: ignore[attr-defined]  # the library's own reading of expressions is private
from re import _parser as parser  # type: ignore[attr-defined]  # the same
from typing import Any

import pytest

from shared.identities import homes
from shared.policy.identities import load_identities
from tests.conftest import POLICY

pytestmark = pytest.mark.unit

MASKER = load_identities(POLICY)
REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)
LOOKS = (kinds.ASSERT, kinds.ASSERT_NOT)


def expressions() -> Iterator[re.Pattern[str]]:
    """Yield every expression that is looked for in texts."""
    for gate, recognisers in MASKER.recognisers.gated:
        yield from filter(None, [gate.regex])
        for each in recognisers:
            yield from (pattern.regex for pattern in each.patterns)
    yield from (MASKER.homes.said_of, homes.ADDRESS, MASKER.people.verbs)


def is_linear(regex: str) -> bool:
    """Return whether nothing without a bound is repeated, looked ahead for, or made of repetitions itself."""
    return all(_is_bounded(node, within=False) for node in parser.parse(regex))


def _is_bounded(node: tuple[Any, Any], *, within: bool) -> bool:
    kind, content = node
    inner = within
    if kind in REPEATS:
        if content[1] is kinds.MAXREPEAT:
            return not within and not any(_repeats(one) for one in content[2])
        inner = within or content[1] > 1
    return all(_is_bounded(one, within=inner or kind in LOOKS) for one in _inside(content))


def _repeats(node: tuple[Any, Any]) -> bool:
    varies = node[0] in REPEATS and node[1][0] != node[1][1]
    return varies or any(_repeats(one) for one in _inside(node[1]))


def _inside(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the nodes in a node, whatever kind it is of."""
    parts = content if isinstance(content, tuple | list) else [content]
    for part in parts:
        if isinstance(part, parser.SubPattern):
            yield from part
        elif isinstance(part, list):
            yield from _inside(part)


@pytest.mark.parametrize(
    ("regex", "linear"),
    [
        (r"(?:\d{1,3}\.){0,8}\w+", True),
        (r"(?<!\w)a++@b*", True),
        (r"\d{1,3}(?:\.\d{3})+", True),
        (r"(?:a+b)+", False),
        (r"(?:a+b){0,3}", False),
        (r"(?:a?b)*", False),
        (r"(?=.*a)b", False),
        (r"(?:x|(?:y(?:a*b){2}))", False),
    ],
)
def test_a_repetition_without_a_bound_within_another_is_noticed(regex: str, linear: bool) -> None:
    assert is_linear(regex) is linear


def test_no_expression_goes_back_and_forth() -> None:
    found = list(expressions())

    assert len(found) > 70
    assert [each.pattern for each in found if not is_linear(each.pattern)] == []
