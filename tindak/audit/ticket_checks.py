"""Checks of one ticket through the stages: versions, agencies, mirrors, breaches, deliveries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import orjson

from shared import events, topics
from tindak.audit.ledger import Ledger, Said

AGENCY_TOPICS = topics.agency_topic("")
# A refusal is told to whoever asked; an agency that declines hears of it by `TicketUnassigned`.
UNHEARD_BY_AGENCIES = frozenset({events.TicketDeclined.TYPE, events.UpdateRefused.TYPE})
WITH_NOBODY = frozenset({"in_triage", "split"})
ENDED = frozenset({"closed", "archived", "withdrawn"})


def stages(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket that is missing in a stage, stands there twice, or was never accepted.

    A part of a ticket is not accepted by itself; `part_checks` follows it.
    """
    accepted = {said.ticket for said in ledger.of_type(topics.ACCEPTED, events.ComplaintAccepted)}
    firsts = [s for s in ledger.of_type(topics.TICKETS, events.TicketRouted, events.TriageRequested) if _is_first(s)]
    starts = [
        s
        for s in ledger.of_type(topics.SLA, events.ClockStarted)
        if s.data["clock"] == events.SlaClock.VERIFY and s.data.get("round", 1) == 1 and not s.data.get("parent")
    ]
    contacts = ledger.of_type(topics.CONTACTS, events.ContactSealed)
    named = {submission.id for submission in ledger.submissions if submission.names_reporter}
    with_contact = {
        said.ticket for said in ledger.of_type(topics.ACCEPTED, events.ComplaintAccepted) if said.cause_id in named
    }
    yield from _exactly_once(accepted, firsts, "routed or put to triage")
    yield from _exactly_once(accepted, starts, "given its verify clock")
    yield from _exactly_once(with_contact, contacts, "given a sealed contact")


def _is_first(said: Said) -> bool:
    return said.data["version"] == 1 and not said.data.get("parent")


def _exactly_once(expected: set[str], said: Iterable[Said], what: str) -> Iterator[str]:
    times = Counter(one.ticket for one in said)
    for ticket in sorted(expected | set(times)):
        if times[ticket] != (1 if ticket in expected else 0):
            due = "once" if ticket in expected else "never"
            yield f"ticket {ticket} should be {what} {due} and was {times[ticket]} times"


def versions(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket whose facts leave a gap, share a number or stand in another order."""
    counted: dict[str, list[int]] = defaultdict(list)
    for said in ledger.said[topics.TICKETS]:
        if said.data["version"] > 0:  # 0: a refusal that stands outside the history
            counted[said.ticket].append(said.data["version"])
    for ticket, found in counted.items():
        if found != list(range(1, len(found) + 1)):
            yield f"the facts of ticket {ticket} have the versions {found}"


def holders(ledger: Ledger) -> Iterator[str]:
    """Yield every fact whose ``agency`` is not the one that has the ticket after it.

    Only a routing gives a ticket to another agency, and only triage and a split leave it with none. Refusals of release
    0.1.0 do not say who has it.
    """
    has_it: dict[str, str | None] = {}
    for said in ledger.said[topics.TICKETS]:
        agency, state = said.data.get("agency"), said.data["state"]
        if said.data["version"] == 0 or (said.type == events.UpdateRefused.TYPE and agency is None):
            continue
        before = agency if said.type == events.TicketRouted.TYPE else has_it.get(said.ticket)
        expected = None if state in WITH_NOBODY else before
        if agency != expected or (agency is None and state not in WITH_NOBODY | ENDED):
            yield f"{said} (ticket {said.ticket}, {state}) names {agency or 'no agency'}; {expected or 'none'} has it"
        has_it[said.ticket] = agency


def mirrors(ledger: Ledger) -> Iterator[str]:
    """Yield every fact of agencies' topics and triage that the history lacks, and every one that they lack.

    The refusal of an update that names no ticket stands in no history.
    """
    history = {_key(said): said for said in ledger.said[topics.TICKETS]}
    moves = ledger.of_type(topics.TICKETS, events.TicketRouted, events.TriageRequested, events.TicketSplit)
    turns = {(said.ticket, said.data["version"]) for said in moves}
    clocks = {_key(said) for topic in (topics.WARNINGS, topics.BREACHES) for said in ledger.said[topic]}
    heard: set[tuple[str, Key]] = set()
    for topic in (name for name in ledger.said if name.startswith(AGENCY_TOPICS) or name == topics.TRIAGE):
        for said in ledger.said[topic]:
            if said.type == events.TicketUnassigned.TYPE:
                told = (said.ticket, said.data["version"]) in turns
            elif "version" in said.data:
                heard.add((topic, _key(said)))
                told = _key(said) in history or not said.ticket
            else:
                told = _key(said) in clocks
            if not told:
                yield f"{said} mirrors nothing that was said about ticket {said.ticket}"
    for said in ledger.said[topics.TICKETS]:
        due = _audience(said)
        if due is not None and (due, _key(said)) not in heard:
            yield f"{said} (ticket {said.ticket}, version {said.data['version']}) did not reach {due}"


Key = tuple[str, bytes]


def _key(said: Said) -> Key:
    return said.type, orjson.dumps({**said.data, "report": None}, option=orjson.OPT_SORT_KEYS)


def _audience(said: Said) -> str | None:
    if said.type == events.TriageRequested.TYPE:
        return topics.TRIAGE
    agency = said.data.get("agency")
    return None if agency is None or said.type in UNHEARD_BY_AGENCIES else topics.agency_topic(agency)


def breaches(ledger: Ledger) -> Iterator[str]:
    """Yield every round of a clock that breached twice, and every fact about an unknown breach."""
    rounds: dict[Round, list[Said]] = defaultdict(list)
    for said in ledger.of_type(topics.BREACHES, events.ClockBreached):
        rounds[_round_of(said)].append(said)
    for (ticket, clock, number), told in rounds.items():
        if len(told) > 1:
            ids = ", ".join(said.id for said in told)
            yield f"{clock} of ticket {ticket} breached {len(told)} times in round {number}: {ids}"
    known = {said.data["breach_id"] for many in rounds.values() for said in many}
    for said in ledger.of_type(topics.BREACHES, events.BreachEscalated, events.BreachCleared, events.BreachCorrected):
        if said.data["breach_id"] not in known:
            yield f"{said} is about the breach {said.data['breach_id']}, which nobody told"


Round = tuple[str, str, int]


def _round_of(said: Said) -> Round:
    return said.ticket, said.data["clock"], said.data.get("round", 1)


def deliveries(ledger: Ledger) -> Iterator[str]:
    """Yield every delivery that ended more than once."""
    ends: dict[str, list[Said]] = defaultdict(list)
    for said in ledger.of_type(
        topics.DELIVERIES, events.NotificationSent, events.NotificationFailed, events.NotificationSuppressed
    ):
        ends[said.data["delivery_id"]].append(said)
    for delivery, told in ends.items():
        if len(told) > 1:
            kinds = ", ".join(f"{said.type} {said.id}" for said in told)
            yield f"delivery {delivery} ({told[0].data['notice']}) ended {len(told)} times: {kinds}"


def settled(ledger: Ledger) -> Iterator[str]:
    """Yield every document that is still due, and every clock that never ended."""
    for service, documents in ledger.documents.items():
        for document in documents:
            if document.due_at is not None:
                yield f"{service} has still to look at {document.id} at {document.due_at.isoformat()}"
    ended = {_round_of(s) for s in ledger.of_type(topics.SLA, events.ClockMet, events.ClockStopped)}
    ended |= {
        _round_of(s) for s in ledger.of_type(topics.SLA, events.FeedbackWindowExpired, events.CompletionWindowExpired)
    }
    ended |= {_round_of(s) for s in ledger.of_type(topics.BREACHES, events.ClockBreached)}
    for said in ledger.of_type(topics.SLA, events.ClockStarted):
        if _round_of(said) not in ended:
            yield f"{said.data['clock']} of ticket {said.ticket}, round {said.data.get('round', 1)}, never ended"
