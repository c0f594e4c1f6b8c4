"""What another release stored beyond what this one knows goes along with every later save."""

from typing import Any

import pytest

from shared.delivery.documents.unknown_fields import with_unknown_fields

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("stored", "known", "now", "kept"),
    [
        pytest.param({"a": 1, "x": 9}, {"a": 1}, {"a": 2}, {"a": 2, "x": 9}, id="at the top"),
        pytest.param(
            {"a": {"b": {"c": 1, "x": [9]}}}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}},
            {"a": {"b": {"c": 2, "x": [9]}}}, id="at any depth",
        ),
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}, {"a": 1}, id="what we dropped stays dropped"),
        pytest.param({"a": {"x": 9}}, {"a": {}}, {"a": None}, {"a": None}, id="with what has gone"),
        pytest.param({"x": 1}, {}, {"x": 2}, {"x": 2}, id="what we know wins"),
        pytest.param(
            {"kind": "held", "x": 9}, {"kind": "held"}, {"kind": "closed"}, {"kind": "closed"}, id="another kind",
        ),
        pytest.param(
            [{"id": "a", "n": 1, "x": 9}, {"id": "b"}], [{"id": "a", "n": 1}, {"id": "b"}],
            [{"id": "c"}, {"id": "b"}, {"id": "a", "n": 2}], [{"id": "c"}, {"id": "b"}, {"id": "a", "n": 2, "x": 9}],
            id="an item with its id",
        ),
        pytest.param(
            [{"id": "a", "topic": "s", "x": 9}, {"id": "a", "topic": "t", "x": 8}],
            [{"id": "a", "topic": "s"}, {"id": "a", "topic": "t"}], [{"id": "a", "topic": "t"}],
            [{"id": "a", "topic": "t", "x": 8}], id="one event on two topics",
        ),
        pytest.param(
            [{"clock": "verify", "round": 1, "x": 9}], [{"clock": "verify", "round": 1}],
            [{"clock": "respond", "round": 1}, {"clock": "verify", "round": 1}],
            [{"clock": "respond", "round": 1}, {"clock": "verify", "round": 1, "x": 9}], id="an item with its round",
        ),
        pytest.param(
            [{"n": 1, "x": 9}, {"n": 2, "x": 8}], [{"n": 1}, {"n": 2}], [{"n": 0}, {"n": 1}, {"n": 2}],
            [{"n": 0}, {"n": 1, "x": 9}, {"n": 2, "x": 8}], id="an unchanged item",
        ),
        pytest.param(
            [{"n": 1, "x": 9}, {"n": 2, "x": 8}], [{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}],
            [{"n": 1, "x": 9}, {"n": 3, "x": 8}], id="a changed item at its place",
        ),
        pytest.param([{"n": 1, "x": 9}], [{"n": 1}], [], [], id="no item left"),
        pytest.param([[{"x": 9}]], [[{}]], [[{}]], [[{"x": 9}]], id="lists in lists"),
        pytest.param(["a", "b"], ["a", "b"], ["b"], ["b"], id="plain lists"),
        pytest.param([{"x": 9}], [], [{"n": 1}], [{"n": 1}], id="a list that was read as another one"),
    ],
)  # fmt: skip
def test_fields_that_we_do_not_know_stay_with_their_object(stored: Any, known: Any, now: Any, kept: Any) -> None:
    assert with_unknown_fields(now, stored, known) == kept
