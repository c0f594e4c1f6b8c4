"""What the database looks at for a complaint, by query: index keys and documents, from its own profiler."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from shared.adapters.mongo.client import COLLECTION
from shared.topics import SERVICES
from tests.servers.addresses import Namespace

PROFILED_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Examined:
    """All queries of one kind."""

    queries: int = 0
    keys: int = 0
    documents: int = 0
    microseconds: int = 0


@contextmanager
def profiled(database: MongoClient[dict[str, Any]], own: Namespace) -> Iterator[dict[str, Examined]]:
    """Give what is asked meanwhile, filled at the end: by service, command, fields and index."""
    found: dict[str, Examined] = defaultdict(Examined)
    for service in SERVICES:
        there = database[own.prefix + service]
        there.command("profile", 0)
        there["system.profile"].drop()
        there.create_collection("system.profile", capped=True, size=PROFILED_BYTES)
        there.command("profile", 2, slowms=0)
    try:
        yield found
    finally:
        for service in SERVICES:
            there = database[own.prefix + service]
            there.command("profile", 0)
            for one in there["system.profile"].find({"ns": f"{there.name}.{COLLECTION}"}):
                note = found[f"{service} {described(one)}"]
                note.queries += 1
                note.keys += one.get("keysExamined", 0)
                note.documents += one.get("docsExamined", 0)
                note.microseconds += one.get("cpuNanos", 0) // 1000 or one.get("millis", 0) * 1000


def described(one: Mapping[str, Any]) -> str:
    """Return what a query of the profiler asked and along which index."""
    command = one.get("command", {})
    name = next(iter(command), one["op"])
    wanted = command.get("filter") or command.get("q") or {}
    if "pipeline" in command:
        wanted = next((stage["$match"] for stage in command["pipeline"] if "$match" in stage), {})
    plans = dict.fromkeys(re.findall(r"[A-Z_]+(?: \{[^}]*\})?", one.get("planSummary", "")))
    return f"{name} {','.join(sorted(wanted))} {' '.join(plans)}"


def a_complaint(found: Mapping[str, Examined], complaints: int) -> dict[str, dict[str, float]]:
    """Return the same for one complaint."""
    return {
        kind: {
            "queries": round(one.queries / complaints, 4),
            "keys": round(one.keys / complaints, 2),
            "documents": round(one.documents / complaints, 2),
            "us": round(one.microseconds / complaints),
        }
        for kind, one in sorted(found.items(), key=lambda pair: -pair[1].microseconds)
    }
