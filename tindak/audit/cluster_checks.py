"""The audit's checks of clusters: what leaders and members say about each other must agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from shared import events, topics
from tindak.audit.ledger import Ledger, Said

Pair = tuple[str, str]  # who follows, and who is followed


def clusters(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket that follows another without being counted once, and every count that is wrong."""
    told = ledger.of_type(
        topics.TICKETS,
        events.ClusterCounted,
        events.ClusterJoined,
        events.ClusterLeft,
        events.TicketMerged,
        events.TicketUnmerged,
    )
    told.sort(key=lambda said: (said.ticket, said.data["version"]))
    following, joined = _followed(told)
    counted: dict[str, set[str]] = defaultdict(set)
    taken: Counter[Pair] = Counter()
    for said in (one for one in told if one.type == events.ClusterCounted.TYPE):
        yield from _recount(said, counted[said.ticket], taken)
    linked = Counter((said.data["member"], said.ticket) for said in ledger.of_type(topics.LINKS, events.TicketLinked))
    refused = Counter((said.ticket, said.data["leader"]) for said in ledger.of_type(topics.LINKS, events.LinkRefused))
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


def _followed(told: list[Said]) -> tuple[dict[str, str | None], Counter[Pair]]:
    following: dict[str, str | None] = {}
    joined: Counter[Pair] = Counter()
    for said in told:
        if said.type in (events.ClusterJoined.TYPE, events.TicketMerged.TYPE):
            leader = str(said.data.get("cluster") or said.data["into"])
            joined[said.ticket, leader] += 1
            following[said.ticket] = leader
        elif said.type in (events.ClusterLeft.TYPE, events.TicketUnmerged.TYPE):
            following[said.ticket] = None
    return following, joined


def _recount(said: Said, members: set[str], taken: Counter[Pair]) -> Iterator[str]:
    """Count one who has come or gone; yield what is wrong with the count that was told."""
    member = str(said.data["member"])
    if said.data["joined"] is (member in members):
        yield f"{said} counts {member} for {said.ticket} twice, or out without in"
    if said.data["joined"]:
        members.add(member)
        taken[member, said.ticket] += 1
    else:
        members.discard(member)
    if said.data["members"] != len(members):
        yield f"{said} tells {said.data['members']} members of {said.ticket}, there are {len(members)}"


def _led(ledger: Ledger) -> Iterator[str]:
    told = ledger.of_type(topics.TICKETS, events.ClusterCounted, events.TicketRouted)
    members: dict[str, set[str]] = defaultdict(set)
    due: Counter[tuple[str, str, int]] = Counter()
    for said in sorted(told, key=lambda said: (said.ticket, said.data["version"])):
        if said.type == events.ClusterCounted.TYPE:
            (members[said.ticket].add if said.data["joined"] else members[said.ticket].discard)(said.data["member"])
        elif said.data.get("cluster") is None:
            due.update((member, said.ticket, said.data["hop"]) for member in members[said.ticket])
    heard = ledger.of_type(topics.LINKS, events.LeaderRouted)
    found = Counter((said.ticket, str(said.data["leader"]), int(said.data["hop"])) for said in heard)
    for one in sorted(due.keys() | found.keys()):
        if due[one] != found[one]:
            member, leader, hop = one
            yield f"{member} heard {found[one]} times of agency no. {hop} of {leader}, {due[one]} times are right"
