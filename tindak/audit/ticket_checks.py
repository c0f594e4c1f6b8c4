"""Checks of one ticket through the stages: versions, agencies, mirrors, breaches, deliveries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import orjson

from shared import events, topics
from shared.senders import Role, Sender, refusals_topic
from tindak.audit.ledger import Fact, Ledger

STATUS_TOPICS = topics.status_topic("")
OWN_TOPICS = (topics.agency_topic(""), STATUS_TOPICS)
WITH_NOBODY = frozenset({"in_triage", "split"})
FOR_WHO_MUST_ACT = frozenset({"report", "resolve_due_at", "link"})
# An agency that declines hears of it by `TicketUnassigned`; what is asked of notify, and what a reporter is told or
# asked, is not its business.
NOT_FOR_AGENCIES = frozenset(
    {
        events.TicketDeclined.TYPE, events.ReporterErased.TYPE, events.ContactCorrected.TYPE,
        events.ExportRequested.TYPE, events.MessagesStopped.TYPE, events.MessagesResumed.TYPE,
        events.ResendRequested.TYPE, events.SuppressionRequested.TYPE,
    }
)  # fmt: skip
OF_THE_AGENCY = frozenset({events.SlaClock.RESPOND, events.SlaClock.RESOLVE})
WINDOWS_EXPIRED = frozenset({events.FeedbackWindowExpired.TYPE, events.CompletionWindowExpired.TYPE})
ENDED = frozenset({"closed", "archived", "withdrawn"})


def stages(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket that is missing in a stage, stands there twice, or was never accepted.

    A part of a ticket is not accepted by itself; `part_checks` follows it.
    """
    facts = ledger.of_type(topics.ACCEPTED, events.ComplaintAccepted)
    accepted = {fact.ticket for fact in facts}
    firsts = [s for s in ledger.of_type(topics.TICKETS, events.TicketRouted, events.TriageRequested) if _is_first(s)]
    starts = [
        s
        for s in ledger.of_type(topics.SLA, events.ClockStarted)
        if s.data["clock"] == events.SlaClock.VERIFY and s.data.get("round", 1) == 1 and not s.data.get("parent")
    ]
    named = {submission.id for submission in ledger.submissions if submission.names_reporter}
    # Whether there was somebody to name is not known of what was submitted on a topic that is not at hand any more.
    known = {submission.id for submission in ledger.submissions}
    unknown = {fact.ticket for fact in facts if fact.cause_id not in known}
    contacts = _first_seals(ledger.of_type(topics.CONTACTS, events.ContactSealed), known, unknown)
    with_contact = {fact.ticket for fact in facts if fact.cause_id in named}
    # Of who was erased the tombstone is the last word: a contact that was not said by then never is.
    erased = {fact.ticket for fact in ledger.of_type(topics.TICKETS, events.ReporterErased)}
    yield from _exactly_once(accepted, firsts, "routed or put to triage")
    yield from _exactly_once(accepted, starts, "given its verify clock")
    left = [fact for fact in contacts if fact.ticket not in erased]
    yield from _exactly_once(with_contact - erased, left, "given a sealed contact")


def _first_seals(sealed: Iterable[Fact], submissions: set[str | None], unknown: set[str]) -> list[Fact]:
    """Return the contacts that were sealed for a submission, and for each ticket without such the first of its others.

    A contact is sealed anew when keys change, and when it is corrected; in the end the topic keeps the last one alone.
    """
    judged = [fact for fact in sealed if fact.ticket not in unknown]
    first = [fact for fact in judged if fact.cause_id in submissions]
    there = {fact.ticket for fact in first}
    others = {fact.ticket: fact for fact in reversed(judged) if fact.ticket not in there}
    return [*first, *others.values()]


def _is_first(fact: Fact) -> bool:
    return fact.data["version"] == 1 and not fact.data.get("parent")


def _exactly_once(expected: set[str], fact: Iterable[Fact], what: str) -> Iterator[str]:
    times = Counter(one.ticket for one in fact)
    for ticket in sorted(expected | set(times)):
        if times[ticket] != (1 if ticket in expected else 0):
            due = "once" if ticket in expected else "never"
            yield f"ticket {ticket} should be {what} {due} and was {times[ticket]} times"


def versions(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket whose facts leave a gap, share a number or stand in another order."""
    counted: dict[str, list[int]] = defaultdict(list)
    for fact in ledger.facts[topics.TICKETS]:
        if fact.data["version"] > 0:  # 0: a refusal that stands outside the history
            counted[fact.ticket].append(fact.data["version"])
    for ticket, found in counted.items():
        if found != list(range(1, len(found) + 1)):
            yield f"the facts of ticket {ticket} have the versions {found}"


def holders(ledger: Ledger) -> Iterator[str]:
    """Yield every fact whose ``agency`` is not the one that has the ticket after it.

    Only a routing gives a ticket to another agency, and only triage and a split leave it with none. Refusals of release
    0.1.0 do not say who has it.
    """
    has_it: dict[str, str | None] = {}
    for fact in ledger.facts[topics.TICKETS]:
        agency, state = fact.data.get("agency"), fact.data["state"]
        if fact.data["version"] == 0 or (fact.type == events.UpdateRefused.TYPE and agency is None):
            continue
        before = agency if fact.type == events.TicketRouted.TYPE else has_it.get(fact.ticket)
        expected = None if state in WITH_NOBODY else before
        if agency != expected or (agency is None and state not in WITH_NOBODY | ENDED):
            yield f"{fact} (ticket {fact.ticket}, {state}) names {agency or 'no agency'}; {expected or 'none'} has it"
        has_it[fact.ticket] = agency


def mirrors(ledger: Ledger) -> Iterator[str]:
    """Yield every fact of agencies' topics and triage that the history lacks, and every one that they lack.

    What is refused to a stranger, or cannot be read, stands in no history.
    """
    history = {_key(fact): fact for fact in ledger.facts[topics.TICKETS]}
    moves = ledger.of_type(topics.TICKETS, events.TicketRouted, events.TriageRequested, events.TicketSplit)
    turns = {(fact.ticket, fact.data["version"]) for fact in moves}
    clocks = {_key(fact) for topic in (topics.SLA, topics.WARNINGS, topics.BREACHES) for fact in ledger.facts[topic]}
    heard: set[tuple[str, Key]] = set()
    for topic in (name for name in ledger.facts if name.startswith(OWN_TOPICS) or name == topics.TRIAGE):
        for fact in ledger.facts[topic]:
            if topic.startswith(STATUS_TOPICS) and fact.type != events.UpdateRefused.TYPE:
                continue
            if fact.type == events.TicketUnassigned.TYPE:
                is_known = (fact.ticket, fact.data["version"]) in turns
            elif "version" in fact.data:
                heard.add((topic, _key(fact)))
                is_known = _key(fact) in history or fact.data["version"] == 0
            else:
                is_known = _key(fact) in clocks
            if not is_known:
                yield f"{fact} mirrors nothing that was said about ticket {fact.ticket}"
    for fact in ledger.facts[topics.TICKETS]:
        due = _audience(fact)
        if due is not None and (due, _key(fact)) not in heard:
            yield f"{fact} (ticket {fact.ticket}, version {fact.data['version']}) did not reach {due}"


Key = tuple[str, bytes]


def _key(fact: Fact) -> Key:
    plain = {name: value for name, value in fact.data.items() if name not in FOR_WHO_MUST_ACT}
    return fact.type, orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _audience(fact: Fact) -> str | None:
    if fact.type == events.UpdateRefused.TYPE:
        by = fact.data.get("by")  # releases before 0.2.0 did not say it
        return refusals_topic(Sender(Role(by["role"]), by["code"])) if by else None
    if fact.type == events.TriageRequested.TYPE:
        return topics.TRIAGE
    agency = fact.data.get("agency")
    return None if agency is None or fact.type in NOT_FOR_AGENCIES else topics.agency_topic(agency)


def copies(ledger: Ledger) -> Iterator[str]:
    """Yield every fact that routing alone was told of a clock, and every one that it needs and was not told.

    What was said of a ticket before its first copy is of release 0.1.0, which made none.
    """
    said, copied = ledger.facts[topics.SLA], ledger.facts[topics.FOR_ROUTING]
    known, reached = {fact.id for fact in said}, {fact.id for fact in copied}
    yield from (f"{fact} was told to routing alone" for fact in copied if fact.id not in known)
    begun: set[str] = set()
    for fact in said:
        if fact.id in reached:
            begun.add(fact.ticket)
        elif fact.ticket in begun and (fact.type in WINDOWS_EXPIRED or fact.data["clock"] in OF_THE_AGENCY):
            yield f"{fact} (ticket {fact.ticket}) did not reach {topics.FOR_ROUTING}"


def breaches(ledger: Ledger) -> Iterator[str]:
    """Yield every round of a clock that breached twice, and every fact about an unknown breach."""
    rounds: dict[Round, list[Fact]] = defaultdict(list)
    for fact in ledger.of_type(topics.BREACHES, events.ClockBreached):
        rounds[_round_of(fact)].append(fact)
    for (ticket, clock, number), facts in rounds.items():
        if len(facts) > 1:
            ids = ", ".join(fact.id for fact in facts)
            yield f"{clock} of ticket {ticket} breached {len(facts)} times in round {number}: {ids}"
    known = {fact.data["breach_id"] for many in rounds.values() for fact in many}
    for fact in ledger.of_type(topics.BREACHES, events.BreachEscalated, events.BreachCleared, events.BreachCorrected):
        if fact.data["breach_id"] not in known:
            yield f"{fact} is about the breach {fact.data['breach_id']}, which nobody told"


Round = tuple[str, str, int]


def _round_of(fact: Fact) -> Round:
    return fact.ticket, fact.data["clock"], fact.data.get("round", 1)


def deliveries(ledger: Ledger) -> Iterator[str]:
    """Yield every delivery that ended more than once.

    Once more for each of its ways of which a receipt said that it did not arrive there.
    """
    ends: dict[str, list[Fact]] = defaultdict(list)
    ways: Counter[str] = Counter()
    for fact in ledger.of_type(
        topics.DELIVERIES, events.NotificationSent, events.NotificationFailed, events.NotificationSuppressed
    ):
        if fact.data.get("error", "").startswith(events.RECEIPT):
            ways[fact.data["delivery_id"]] += 1
        else:
            ends[fact.data["delivery_id"]].append(fact)
    for delivery, facts in ends.items():
        if len(facts) > 1 + ways[delivery]:
            kinds = ", ".join(f"{fact.type} {fact.id}" for fact in facts)
            yield f"delivery {delivery} ({facts[0].data['notice']}) ended {len(facts)} times: {kinds}"


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
    for fact in ledger.of_type(topics.SLA, events.ClockStarted):
        if _round_of(fact) not in ended:
            yield f"{fact.data['clock']} of ticket {fact.ticket}, round {fact.data.get('round', 1)}, never ended"
