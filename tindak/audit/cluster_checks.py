"""The audit's checks of clusters: what leaders and members say about each other must agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from shared import events, topics
from tindak.audit.ledger import Fact, Ledger

Pair = tuple[str, str]  # who follows, and who is followed


def clusters(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket that follows another without being counted once, and every count that is wrong."""
    facts = ledger.of_type(
        topics.TICKETS,
        events.ClusterCounted,
        events.ClusterJoined,
        events.ClusterLeft,
        events.TicketMerged,
        events.TicketUnmerged,
    )
    facts.sort(key=lambda fact: (fact.ticket, fact.data["version"]))
    following, joined = _followed(facts)
    counted: dict[str, set[str]] = defaultdict(set)
    taken: Counter[Pair] = Counter()
    for fact in (one for one in facts if one.type == events.ClusterCounted.TYPE):
        yield from _recount(fact, counted[fact.ticket], taken)
    linked = Counter((fact.data["member"], fact.ticket) for fact in ledger.of_type(topics.LINKS, events.TicketLinked))
    refused = Counter((fact.ticket, fact.data["leader"]) for fact in ledger.of_type(topics.LINKS, events.LinkRefused))
    for pair in sorted(joined.keys() | linked.keys() | taken.keys()):
        found = joined[pair], linked[pair], taken[pair] + refused[pair]
        if len(set(found)) > 1:
            times = f"{found[0]} times, said so {found[1]} times and was answered {found[2]} times"
            yield f"{pair[0]} joined {pair[1]} {times}"
    follow = {(member, leader) for member, leader in following.items() if leader is not None}
    counts = {(member, leader) for leader, members in counted.items() for member in members}
    for member, leader in sorted(follow ^ counts):
        does = "follows" if (member, leader) in follow else "is counted by"
        yield f"{member} {does} {leader}, which is not what the other of the two says"
    yield from _led(ledger)


def _followed(facts: list[Fact]) -> tuple[dict[str, str | None], Counter[Pair]]:
    following: dict[str, str | None] = {}
    joined: Counter[Pair] = Counter()
    for fact in facts:
        if fact.type in (events.ClusterJoined.TYPE, events.TicketMerged.TYPE):
            leader = str(fact.data.get("cluster") or fact.data["into"])
            joined[fact.ticket, leader] += 1
            following[fact.ticket] = leader
        elif fact.type in (events.ClusterLeft.TYPE, events.TicketUnmerged.TYPE):
            following[fact.ticket] = None
    return following, joined


def _recount(fact: Fact, members: set[str], taken: Counter[Pair]) -> Iterator[str]:
    """Count one who has come or gone; yield what is wrong with the count in the fact."""
    member = str(fact.data["member"])
    if fact.data["joined"] is (member in members):
        yield f"{fact} counts {member} for {fact.ticket} twice, or out without in"
    if fact.data["joined"]:
        members.add(member)
        taken[member, fact.ticket] += 1
    else:
        members.discard(member)
    if fact.data["members"] != len(members):
        yield f"{fact} tells {fact.data['members']} members of {fact.ticket}, there are {len(members)}"


def _led(ledger: Ledger) -> Iterator[str]:
    facts = ledger.of_type(topics.TICKETS, events.ClusterCounted, events.TicketRouted)
    members: dict[str, set[str]] = defaultdict(set)
    due: Counter[tuple[str, str, int]] = Counter()
    for fact in sorted(facts, key=lambda fact: (fact.ticket, fact.data["version"])):
        if fact.type == events.ClusterCounted.TYPE:
            (members[fact.ticket].add if fact.data["joined"] else members[fact.ticket].discard)(fact.data["member"])
        elif fact.data.get("cluster") is None:
            due.update((member, fact.ticket, fact.data["hop"]) for member in members[fact.ticket])
    published = ledger.of_type(topics.LINKS, events.LeaderRouted)
    found = Counter((fact.ticket, str(fact.data["leader"]), int(fact.data["hop"])) for fact in published)
    for one in sorted(due.keys() | found.keys()):
        if due[one] != found[one]:
            member, leader, hop = one
            yield f"{member} heard {found[one]} times of agency no. {hop} of {leader}, {due[one]} times are right"
