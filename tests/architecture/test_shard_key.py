"""Every query fits a shard key of the ticket id, or docs/scaling.md names it with what is done about it."""

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

import pytest

from tests.architecture.source import modules
from tests.scaling import places_named, transactions_named, unique_named

pytestmark = pytest.mark.architecture

PASS_ON = {"found", "one_by_one", "read", "select", "_written"}
ASKING = {
    "aggregate", "count_documents", "delete_many", "delete_one", "distinct", "estimated_document_count", "find",
    "find_one", "find_one_and_delete", "find_one_and_replace", "find_one_and_update", "replace_one", "update_many",
    "update_one", "bulk_write",
    # The store's own, which take a filter and pass it on.
    *PASS_ON,
}  # fmt: skip
OF_A_COLLECTION = re.compile(r"(\bself|collection|documents|store|stores\.\w+)(\.with_options\(.*\))?$")
RANGES = {"$gt", "$gte", "$lt", "$lte", "$nin", "$ne"}


def places_that_ask() -> Iterator[tuple[str, ast.AST]]:
    """Yield every function that asks a collection for documents, as ``path:name``."""
    for path, module in modules().items():
        if "mongo" not in (path + ast.unparse(module)).lower():
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_asks, ast.walk(node))):
                yield f"{path}:{node.name}", node


def _is_call(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name


def _asks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in ASKING:
        return False
    return OF_A_COLLECTION.search(ast.unparse(node.func.value)) is not None


def names_the_ticket(function: ast.AST) -> bool:
    """Return whether a filter in a function wants documents by their id."""
    grouping = {
        id(value)
        for node in ast.walk(function)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in ("$group", "$project")
    }
    return any(
        isinstance(key, ast.Constant) and key.value == "_id" and not _is_range(value)
        for node in ast.walk(function)
        if isinstance(node, ast.Dict) and id(node) not in grouping
        for key, value in zip(node.keys, node.values, strict=True)
    )


def _is_range(value: ast.AST) -> bool:
    if isinstance(value, ast.Constant):
        return True  # a field that is wanted or not
    return isinstance(value, ast.Dict) and any(
        isinstance(key, ast.Constant) and key.value in RANGES for key in value.keys
    )


def test_every_query_names_the_ticket_or_is_named_with_what_is_done() -> None:
    scattered = {place for place, function in places_that_ask() if not names_the_ticket(function)}

    assert {place for place in scattered if place.rpartition(":")[2] not in PASS_ON} == places_named()


def test_every_unique_index_is_named_with_what_is_done() -> None:
    made = [node for module in modules().values() for node in ast.walk(module) if _is_call(node, "IndexModel")]
    unique = [ast.unparse(call) for call in made if any(each.arg == "unique" for each in call.keywords)]

    assert made
    assert len(unique) == len(unique_named())
    assert all(any(field in call for call in unique) for field in unique_named())


def test_transactions_are_named_with_what_is_done() -> None:
    begun = [
        path for path, module in modules().items() for node in ast.walk(module) if _is_call(node, "start_transaction")
    ]

    assert bool(begun) is transactions_named()
