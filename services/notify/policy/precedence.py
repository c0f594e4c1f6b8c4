"""Checks which notices may stand for which others."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shared.policy.loading import PolicyFault, Source, unknown

if TYPE_CHECKING:
    from services.notify.policy.notices import NoticeEntry


def faults_of_precedence(entries: Sequence["NoticeEntry"], source: Source) -> Iterator[PolicyFault]:
    """Yield which notices supersede one that is none, is another's to read, or must not be lost."""
    by_code = {entry.code: entry for entry in entries}
    for index, entry in enumerate(entries):
        for number, code in enumerate(entry.supersedes):
            if sentence := _fault_of(entry, code, by_code):
                yield source.fault(("notices", index, "supersedes", number), sentence)
        if entry.urgent and entry.once_per_cluster:
            yield source.fault(
                ("notices", index, "once_per_cluster"),
                "what is urgent is told of each ticket: leave one of the two out",
            )


def _fault_of(entry: "NoticeEntry", code: str, by_code: dict[str, "NoticeEntry"]) -> str | None:
    older = by_code.get(code)
    if older is None:
        return unknown("notice", code, by_code, "`notices`")
    if not set(older.to) & set(entry.to):
        return f"`{code}` goes to others than `{entry.code}`, and nobody would be told instead"
    if older.urgent:
        return f"`{code}` is urgent and never superseded"
    if older.value.matters > entry.value.matters:
        return f"`{code}` matters more than `{entry.code}`: {older.matters}, not {entry.matters}"
    return None
