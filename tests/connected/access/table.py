"""Who may write and read what, and which consumer groups are theirs: written down without the code that applies it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SERVICES = ("intake", "routing", "sla", "notify")

WRITES = {
    "intake": ("complaints.accepted", "reporters.contacts", "tickets.questions"),
    "routing": ("tickets.events", "tickets.triage", "tickets.links", "reporters.requests", "tickets.status.links"),
    "sla": ("sla.events", "sla.for_routing", "sla.warnings", "sla.breaches"),
    "notify": ("notifications.deliveries", "reporters.exports", "tickets.updates.channel-links"),
    "auditors": (),
    "officers": ("tickets.updates.officers",),
    "ops": (*(f"{service}.dead-letters" for service in SERVICES), *(f"{service}.replays" for service in SERVICES)),
    "board": (),
}
READS = {
    "intake": ("reporters.requests",),
    "routing": (
        "complaints.accepted", "tickets.updates.officers", "tickets.updates.channel-links", "tickets.links",
        "tickets.questions", "sla.events", "sla.for_routing", "sla.warnings", "sla.breaches",
    ),
    "sla": ("complaints.accepted", "tickets.events"),
    "notify": (
        "complaints.accepted", "reporters.contacts", "reporters.requests", "tickets.events", "sla.events",
        "sla.warnings", "sla.breaches",
    ),
    "officers": ("complaints.accepted", "tickets.events", "tickets.triage", "reporters.exports"),
    "ops": (
        "complaints.accepted", "tickets.events", "sla.events", "sla.warnings", "sla.breaches",
        "notifications.deliveries", "security.audit", "tickets.status.links",
        *(f"{service}.dead-letters" for service in SERVICES), *(f"{service}.replays" for service in SERVICES),
    ),
    "auditors": ("security.audit",),
    "board": ("complaints.accepted", "tickets.events", "sla.events", "notifications.deliveries"),
}  # fmt: skip
WATCHES = {"intake": ("routing",)}  # groups that it may describe, but not use
OF_A_CHANNEL = {
    "complaints.submitted.{code}": ("channel", "intake"),
    "complaints.answers.{code}": ("intake", "channel"),
    "tickets.updates.channel-{code}": ("channel", "routing"),
    "tickets.status.{code}": ("routing", "channel"),
}
OF_AN_AGENCY = {
    "tickets.updates.agency-{code}": ("agency", "routing"),
    "tickets.routed.{code}": ("routing", "agency"),
}
FAMILIES = {"channel": OF_A_CHANNEL, "agency": OF_AN_AGENCY}


@dataclass(frozen=True)
class Rights:
    """What one principal may do; it may describe what it may write, read or watch, and nothing else."""

    writes: frozenset[str]
    reads: frozenset[str]
    groups: frozenset[str]
    watches: frozenset[str]


def table(principals: Iterable[str]) -> Mapping[str, Rights]:
    """Return the rights of each of *principals*: services, roles, and ``channel-<code>`` and ``agency-<code>``."""
    names = list(principals)
    writes = {name: set(WRITES.get(name, ())) for name in names}
    reads = {name: set(READS.get(name, ())) for name in names}
    for service in SERVICES:
        writes[service] |= {f"{service}.dead-letters", "security.audit"}
        reads[service].add(f"{service}.replays")
    for name in names:
        kind, _, code = name.partition("-")
        for pattern, (writer, reader) in FAMILIES.get(kind, {}).items():
            topic = pattern.format(code=code)
            writes[name if writer == kind else writer].add(topic)
            reads[name if reader == kind else reader].add(topic)
    return {
        name: Rights(
            frozenset(writes[name]),
            frozenset(reads[name]),
            frozenset(_groups(name) if reads[name] else ()),
            frozenset(WATCHES.get(name, ())),
        )
        for name in names
    }


def _groups(name: str) -> tuple[str, ...]:
    return (name,) if name in SERVICES else (name, f"{name}.reports")
