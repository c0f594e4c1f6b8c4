"""Audits topics and documents: every complaint reached every stage once. No service needs to run."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.delivery.documents.document import Document
from shared.delivery.ports import Record
from tindak.audit import cluster_checks, event_checks, part_checks, status_checks, ticket_checks
from tindak.audit.ledger import Ledger, Where


class Check(StrEnum):
    """A promise that is checked. All but the last hold once every service has read and published everything."""

    CONTENTS = "no event id has two contents"
    ANSWERS = "every submission was answered, with one answer"
    STAGES = "every accepted complaint is in every later stage once"
    VERSIONS = "a ticket's facts count from 1 without a gap, in order"
    HOLDERS = "every fact of a ticket names the agency that has it then"
    MIRRORS = "agencies and officers hear what the history says, and all of it that is theirs"
    STATUSES = "each channel was last told where its tickets stand, and of no others"
    COPIES = "routing hears of the clocks what everybody hears of them, and all of it that it needs"
    BREACHES = "a clock breaches at most once a round"
    DELIVERIES = "a delivery ends once"
    CLUSTERS = "who follows whom is counted once, by the one that is followed, and hears where that one goes"
    PARTS = "every part of a divided ticket is opened once, and the whole ends with its parts"
    DEAD_LETTERS = "the dead letters are the expected ones"
    PUBLISHED = "nothing saved waits to be published"
    SETTLED = "time has nothing left to do: every clock and every delivery has come to its end"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise; ``sentence`` names the ids."""

    check: Check
    sentence: str

    def __str__(self) -> str:
        return f"[{self.check.name.lower()}] {self.sentence}"


CHECKS: Mapping[Check, Callable[[Ledger], Iterator[str]]] = {
    Check.CONTENTS: event_checks.contents,
    Check.ANSWERS: event_checks.answers,
    Check.STAGES: ticket_checks.stages,
    Check.VERSIONS: ticket_checks.versions,
    Check.HOLDERS: ticket_checks.holders,
    Check.MIRRORS: ticket_checks.mirrors,
    Check.STATUSES: status_checks.statuses,
    Check.COPIES: ticket_checks.copies,
    Check.BREACHES: ticket_checks.breaches,
    Check.DELIVERIES: ticket_checks.deliveries,
    Check.CLUSTERS: cluster_checks.clusters,
    Check.PARTS: part_checks.parts,
    Check.DEAD_LETTERS: event_checks.dead_letters,
    Check.PUBLISHED: event_checks.published,
    Check.SETTLED: ticket_checks.settled,
}


def audit(
    records: Iterable[Record],
    documents: Mapping[str, Iterable[Document[Any]]],
    *,
    dead_letters: Collection[Where] = (),
    checks: Collection[Check] = tuple(Check),
) -> list[Finding]:
    """Return every broken promise.

    Repeats of an event under its id are no fault: listeners drop them.

    Args:
        records: Of all topics, those of the agencies included; in order of offset per partition.
        documents: By service, all its documents.
        dead_letters: Topic, partition and offset of each record that must be among the dead letters.
        checks: Which promises to check.
    """
    ledger = Ledger.of(records, documents, dead_letters)
    return [Finding(check, sentence) for check in Check if check in checks for sentence in CHECKS[check](ledger)]
