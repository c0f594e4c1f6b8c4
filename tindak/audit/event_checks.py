"""Checks of any event: one content per id, one answer per submission, no dead letter, nothing unpublished."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from shared import topics
from shared.events import ComplaintAccepted, ComplaintRejected
from tindak.audit.ledger import Fact, Ledger, Where


def contents(ledger: Ledger) -> Iterator[str]:
    """Yield every event id with two contents, and every record of our own services that is no event."""
    for event_id, values in ledger.contradictions.items():
        shown = " / ".join(value.decode(errors="replace") for value in sorted(values))
        yield f"{event_id} has {len(values)} contents: {shown}"
    for record in ledger.unreadable:
        where = f"{record.topic}/{record.partition}/{record.offset}"
        yield f"{where} is no event: {(record.value or b'')[:200]!r}"


ERASED = "erased"


def answers(ledger: Ledger) -> Iterator[str]:
    """Yield every submission without exactly one answer, and every report that was accepted twice or as two tickets."""
    accepted: dict[str, list[Fact]] = defaultdict(list)
    for fact in ledger.of_type(topics.ACCEPTED, ComplaintAccepted):
        accepted[fact.ticket].append(fact)
    for answered in accepted.values():
        if len(answered) > 1:
            source = f"{answered[0].data['channel']}/{answered[0].data['source_id']}"
            yield f"{source} was accepted {len(answered)} times: {', '.join(fact.id for fact in answered)}"
    yield from _unanswered(ledger, [fact for many in accepted.values() for fact in many])


def _unanswered(ledger: Ledger, accepted: Collection[Fact]) -> Iterator[str]:
    causes = {fact.cause_id for fact in accepted}
    sources = _tickets_by_source(ledger, accepted)
    for source, tickets in sources.items():
        if len(tickets) > 1:
            yield f"{'/'.join(source)} became {len(tickets)} tickets: {', '.join(sorted(tickets))}"
    rejected: dict[Where, list[Fact]] = defaultdict(list)
    for fact in ledger.of_family(topics.ANSWERS, ComplaintRejected):
        channel, origin = topics.member_of(fact.topic), fact.data["origin"]
        rejected[topics.submitted_topic(str(channel)), origin["partition"], origin["offset"]].append(fact)
    for submission in ledger.submissions:
        answers = rejected.get(submission.where, [])
        # What was answered before its reporter was erased is refused if it comes once more.
        refusals = [fact for fact in answers if fact.data["reasons"][0]["code"] != ERASED]
        if len(refusals) > 1:
            yield f"{submission} was rejected {len(refusals)} times: {', '.join(fact.id for fact in refusals)}"
        if refusals and submission.id in causes and submission.id is not None:
            yield f"{submission} was accepted and rejected"
        if not answers and submission.source not in sources and submission.where not in ledger.dead:
            yield f"{submission} got no answer"


def _tickets_by_source(ledger: Ledger, accepted: Collection[Fact]) -> dict[tuple[str, str], set[str]]:
    """Return, by channel and source id as submitted, the tickets that were made of the report.

    An answer may mask the source id; then it is that of the submission which caused it. Where several have that one's
    event id, all of them count as answered, and no ticket is held against any.
    """
    submitted: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
    for submission in ledger.submissions:
        submitted[submission.id].add(submission.source)
    every = set().union(*submitted.values())
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in accepted:
        source = fact.data["channel"], fact.data["source_id"]
        meant = {source} if source in every else {each for each in submitted[fact.cause_id] if each[0] == source[0]}
        for each in meant:
            found[each].update({fact.ticket} if len(meant) == 1 else ())
    return found


def dead_letters(ledger: Ledger) -> Iterator[str]:
    """Yield every dead letter that is not expected, and every expected one that is missing."""
    for topic, partition, offset in sorted(ledger.dead - ledger.expected):
        yield f"{topic}/{partition}/{offset} is among the dead letters"
    for topic, partition, offset in sorted(ledger.expected - ledger.dead):
        yield f"{topic}/{partition}/{offset} should be among the dead letters"


def published(ledger: Ledger) -> Iterator[str]:
    """Yield every document in which events wait to be published."""
    for service, documents in ledger.documents.items():
        for document in documents:
            if document.pending:
                waiting = ", ".join(f"{event.id} for {event.topic}" for event in document.pending)
                yield f"{service} has not published for {document.id}: {waiting}"
