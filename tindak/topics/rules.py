"""Who may do what on the broker: the table of topics as access rules (ACLs), principal by principal."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from shared.topics import FAMILIES, SERVICES, STATUS, WATCHED_GROUPS, Topic, family_of, is_from_outside

Operation = Literal["READ", "WRITE", "DESCRIBE"]
Resource = Literal["TOPIC", "GROUP"]
Pattern = Literal["LITERAL", "PREFIXED"]

NAME = "{name}"
SCRAM_FORMAT = f"User:{NAME}"
"""How the broker calls a user of SCRAM; one that shows a certificate is called by its distinguished name."""

ROLES = ("officers", "ops", "auditors", "board")
RETIRED = frozenset({"complaints.rejected"})
"""Topics of an earlier release, shared by all channels; whoever may still use them is told no more by them."""

RETIRED_NAMES = ("channels", "agencies")  # an earlier release knew one principal for all channels


@dataclass(frozen=True, slots=True)
class Rule:
    """A principal may do one thing to a topic or consumer group, or to all whose names begin so (``PREFIXED``).

    Whoever may read or write something may describe it, too.
    """

    principal: str
    operation: str  # READ, WRITE or DESCRIBE; of rules that others made, any
    resource: str  # TOPIC or GROUP
    name: str
    pattern: str = "LITERAL"

    def __str__(self) -> str:
        name = self.name if self.pattern == "LITERAL" else f"{self.name}*"
        return f"{self.principal} to {self.operation.lower()} {self.resource.lower()} {name}"


@dataclass(frozen=True, slots=True)
class Allow(Rule):
    """A rule that the table asks for."""

    action: ClassVar[str] = "allow"

    def __str__(self) -> str:
        return f"allow {Rule.__str__(self)}"


@dataclass(frozen=True, slots=True)
class Revoke(Rule):
    """A rule on the broker that the table does not hold, or no longer."""

    action: ClassVar[str] = "revoke"

    def __str__(self) -> str:
        return f"no longer allow {Rule.__str__(self)}"


def rules(wanted: Iterable[Topic], prefix: str = "", formats: Sequence[str] = (SCRAM_FORMAT,)) -> list[Allow]:
    """Return what everybody needs and no more: each principal's topics, and the consumer groups that bear its name.

    Services have rules for whole families of topics, so that a new channel or agency needs rules of its own alone; they
    read the topic, too, that all members of a family shared in release 0.1.0. Of a family that outsiders write, a
    service may write its own member only: nobody else may speak as an agency; and notify reads what is said to those
    channels alone whose servers it calls. Outsiders may have several groups:
    ``<name>`` and all that begin with ``<name>.``. One service may look at another's group (`WATCHED_GROUPS`).

    Args:
        wanted: Every topic, with who writes and reads it.
        prefix: Of the deployment, before every topic's and group's name.
        formats: How the broker calls a principal, with ``{name}`` in its place; there are rules for each.
    """
    found = [
        Allow(each.replace(NAME, name), operation, resource, prefix + what, pattern)
        for topic in wanted
        for name, operation, resource, what, pattern in _grants(topic)
        for each in formats
    ]
    return list(dict.fromkeys(found))


def _grants(topic: Topic) -> Iterator[tuple[str, Operation, Resource, str, Pattern]]:
    family = family_of(topic.name)
    sides: tuple[tuple[Operation, tuple[str, ...]], ...] = (("WRITE", topic.written_by), ("READ", topic.read_by))
    for operation, names in sides:
        for name in names:
            is_own = operation == "WRITE" and is_from_outside(topic.name)
            is_single = (operation, family) == ("READ", STATUS)
            if name not in SERVICES or family == topic.name or is_own or is_single:
                yield name, operation, "TOPIC", topic.name, "LITERAL"
            else:
                yield name, operation, "TOPIC", f"{family}.", "PREFIXED"
                if operation == "READ":
                    yield name, operation, "TOPIC", family, "LITERAL"  # what is left on the topic of release 0.1.0
            if operation == "READ":
                yield name, "READ", "GROUP", name, "LITERAL"
                if name not in SERVICES:
                    yield name, "READ", "GROUP", f"{name}.", "PREFIXED"
                elif name in WATCHED_GROUPS:
                    yield name, "DESCRIBE", "GROUP", WATCHED_GROUPS[name], "LITERAL"


def stale(
    there: Iterable[Revoke], wanted: Collection[Topic], prefix: str = "", formats: Sequence[str] = (SCRAM_FORMAT,)
) -> list[Revoke]:
    """Return those rules *there* that are ours and that the table does not hold.

    Ours are those of principals that this deployment knows by name or kind, an agency that is gone among them, for its
    own topics and groups, also where a rule names more than these. What others set for themselves is theirs, on the
    same broker, too.
    """
    allowed = rules(wanted, prefix, formats)
    table = {_fields(rule) for rule in allowed}
    topics = {topic.name for topic in wanted} | set(FAMILIES) | RETIRED
    groups = {rule.name.removeprefix(prefix) for rule in allowed if rule.resource == "GROUP"}
    return [
        rule
        for rule in there
        if _fields(rule) not in table
        and _is_known(rule.principal, formats)
        and (_names_ours(rule, topics, prefix) or _covers_ours(rule, topics, groups, prefix))
    ]


def _fields(rule: Rule) -> tuple[str, str, str, str, str]:
    return rule.principal, rule.operation, rule.resource, rule.name, rule.pattern


def _names_ours(rule: Rule, topics: Collection[str], prefix: str) -> bool:
    if not rule.name.startswith(prefix):
        return False
    name = rule.name.removeprefix(prefix)
    if rule.resource == "GROUP":
        return _is_principal(name.partition(".")[0])
    return rule.resource == "TOPIC" and family_of(name) in topics


def _covers_ours(rule: Rule, topics: Collection[str], groups: Collection[str], prefix: str) -> bool:
    named = {"TOPIC": topics, "GROUP": groups}.get(rule.resource, ())
    if rule.pattern == "LITERAL":
        return bool(named) and rule.name == "*"
    return any((prefix + name).startswith(rule.name) for name in named)


def _is_known(principal: str, formats: Sequence[str]) -> bool:
    sides = [each.partition(NAME) for each in formats]
    return any(
        principal.startswith(before)
        and principal.endswith(after)
        and _is_principal(principal[len(before) : len(principal) - len(after)])
        for before, _, after in sides
    )


def _is_principal(name: str) -> bool:
    return name in (*SERVICES, *ROLES, *RETIRED_NAMES) or name.startswith(("agency-", "channel-"))
