import ast
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from shared.events import Model
from shared.events.catalogue import CATALOGUE, Entry
from shared.events.envelope import decode
from tests.architecture.source import modules
from tests.contract.golden import FROM_OUTSIDE
from tindak.catalogue_codes import DEAD_LETTERS, REJECTED, UPDATE_REFUSED
from tindak.catalogue_docs import asyncapi, event_of, key_of, models, page
from tindak.catalogue_examples import RARE, example, meaning
from tindak.catalogue_fields import FIELDS, OF_TYPE

pytestmark = pytest.mark.contract

ENTRIES = {entry.data.TYPE: entry for entry in CATALOGUE}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_the_example_of_a_type_is_an_event_of_that_type(entry: Entry) -> None:
    made = event_of(entry)

    event = decode(json.dumps(made).encode(), {}, from_outside=entry.published_by in FROM_OUTSIDE)

    assert (type(event.data), event.source, event.key) == (entry.data, made["source"], made["partitionkey"])
    assert event.data.model_dump(mode="json", exclude_unset=True) == made["data"]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_has_a_meaning_and_the_example_holds_what_an_ordinary_event_does(model: type[Model]) -> None:
    meanings = {name: meaning(model, name) for name in model.model_fields}

    assert all(meanings.values())
    asked = {name for name, field in model.model_fields.items() if field.is_required()}
    assert asked <= example(model).keys() <= model.model_fields.keys()


def test_no_meaning_is_kept_of_a_field_that_is_gone() -> None:
    own = {f"{model.__name__}.{name}" for model in models() for name in model.model_fields}
    names = {name.partition(".")[2] for name in own}

    assert (OF_TYPE.keys() - own, FIELDS.keys() - names, RARE - names) == (set(), set(), set())


def literals(path: str, call: str, position: int, keyword: str = "code") -> Iterator[str]:
    """Yield the texts that a module hands to *call* at that position, or under that keyword."""
    for node in ast.walk(modules()[path]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            given = [
                *node.args[position : position + 1],
                *(each.value for each in node.keywords if each.arg == keyword),
            ]
            yield from (str(each.value) for each in given if name == call and isinstance(each, ast.Constant))


def members(path: str, name: str) -> set[str]:
    found = next(node for node in modules()[path].body if isinstance(node, ast.ClassDef) and node.name == name)
    return {str(each.value.value) for each in found.body if isinstance(each, ast.Assign)}  # type: ignore[attr-defined]


def test_every_code_with_which_a_report_is_refused_is_listed() -> None:
    reasons = "services/intake/domain/refusals.py"
    unreadable = {*literals("shared/events/faults.py", "Reason", 9)}

    own = {*literals(reasons, "Reason", 9), *literals(reasons, "_body_reason", 0)}
    no_report = members("services/intake/domain/non_reports.py", "NonReport")

    assert own | no_report | unreadable == REJECTED.keys()


def test_every_code_with_which_an_update_is_refused_is_listed() -> None:
    own = {*literals("services/routing/domain/ticket/refusals.py", "Refusal", 0), "unchanged"}

    assert own | {"malformed", "too_long", "forged_source"} == UPDATE_REFUSED.keys()


def test_every_reason_of_a_dead_letter_is_listed() -> None:
    unreadable = {*literals("shared/events/faults.py", "Reason", 9)}
    quarantined = members("shared/delivery/documents/document.py", "QuarantineReason")

    assert (
        unreadable | quarantined | {*literals("shared/delivery/decider.py", "as_dead_letter", 1)} == DEAD_LETTERS.keys()
    )


@cache
def machine_readable() -> Any:
    return yaml.safe_load(asyncapi())


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_the_machine_readable_catalogue_has_key_source_example_and_descriptions(entry: Entry) -> None:
    document = machine_readable()
    message = document["components"]["messages"][entry.data.__name__]
    schema = document["components"]["schemas"][entry.data.__name__]

    assert message["bindings"]["kafka"]["key"]["description"] == f"`{key_of(entry.data)}` of the data."
    assert message["examples"][0]["payload"] == event_of(entry)
    assert all(field["description"] for field in message["payload"]["properties"].values() if "$ref" not in field)
    assert all(field["description"] for field in schema["properties"].values())


def test_the_page_lists_every_code() -> None:
    written = page()

    assert [code for code in REJECTED | UPDATE_REFUSED | DEAD_LETTERS if f"- `{code}`: " not in written] == []
