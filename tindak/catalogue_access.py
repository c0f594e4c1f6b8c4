"""Who may write and read which topic, principal by principal, as a table for people."""

from collections.abc import Iterator, Sequence

from shared.topics import SERVICES, WATCHED_GROUPS, Topic


def principals(topics: Sequence[Topic]) -> Iterator[str]:
    """Yield a section on who may do what with *topics*, line by line."""
    yield from (
        "## Principals",
        "",
        "What `tindak topics apply --acls` allows, and nothing beyond it. Whoever is no service may also use consumer",
        "groups that begin with the name and a dot. All else, as making topics, is the administrator's.",
        *(f"`{name}` may look at the group of `{other}`, but not use it." for name, other in WATCHED_GROUPS.items()),
        "",
        "| principal | writes | reads | consumer group |",
        "| --- | --- | --- | --- |",
    )
    named = dict.fromkeys(name for topic in topics for name in (*topic.written_by, *topic.read_by))
    for name in sorted(named, key=lambda name: (name in SERVICES, "<" not in name)):
        writes = [topic.name for topic in topics if name in topic.written_by]
        reads = [topic.name for topic in topics if name in topic.read_by]
        yield f"| `{name}` | {_listed(writes)} | {_listed(reads)} | `{name}` |"
    yield ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"
