"""Where a ticket is, who has it and until when, from what the topics tell."""

from datetime import timedelta
from itertools import permutations

import pytest

from shared import events as e
from shared.events import SlaClock
from shared.ids import part_id
from tests.builders import NOON, TICKET, TRACKING, accepted, event
from tests.unit.tindak.test_formatting import routed
from tindak.console import local
from tindak.tickets.lookup import Ticket, part_of
from tindak.tickets.projection import TicketProjection, project
from tindak.tickets.track import had, lines, tracking_ids

pytestmark = pytest.mark.unit

DUE = NOON + timedelta(days=5)


def started(**changes: object) -> e.ClockStarted:
    plain = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "clock": "respond", "started_at": NOON, "due_at": DUE,
        "allowance": "5 working_days", "policy_version": "1", "calendar_version": "1",
    }  # fmt: skip
    return e.ClockStarted.model_validate(plain | changes)


def clock(kind: type[e.ClockFact], **fields: object) -> e.ClockFact:
    plain = {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": "respond", "breach_id": "b", "due_at": DUE}
    return kind.model_validate(plain | fields)


def fact(kind: type[e.TicketFact], version: int, **fields: object) -> e.TicketFact:
    plain = {
        "ticket_id": TICKET,
        "tracking_id": TRACKING,
        "version": version,
        "at": NOON,
        "state": "s",
        "agency": "dlh",
    }
    return kind.model_validate(plain | fields)


TRIAGE = {"reason": "declined", "classification": "complaint", "accepted_at": NOON, "submitted_at": NOON}


def projected(*data: e.EventData) -> TicketProjection:
    return project(event(each, at=NOON + timedelta(seconds=second)) for second, each in enumerate(data))


def test_routed_ticket_is_with_its_agency_until_its_clock_is_due() -> None:
    result = projected(accepted(), routed(), started())

    assert (result.accepted, result.state, result.agency, result.due) == (
        accepted(), "routed", "dishub", {SlaClock.RESPOND: DUE},
    )  # fmt: skip


def test_a_declined_ticket_is_with_its_agency_until_the_next_fact() -> None:
    declined = fact(e.TicketDeclined, 2, reason="bukan wewenang", state="routed", agency="dishub")
    asked = fact(e.TriageRequested, 3, state="in_triage", agency=None, **TRIAGE)

    assert projected(routed(), declined).agency == "dishub"
    assert projected(routed(), declined, asked).agency is None


def test_later_version_wins_however_times_are_stamped() -> None:
    late = event(routed(version=3, agency="dlh", state="routed"), at=NOON)
    early = event(fact(e.TicketDeclined, 2, reason="x", state="declined"), at=NOON + timedelta(seconds=5))

    assert project([early, late]).agency == "dlh"


def test_refused_update_changes_nothing() -> None:
    refused = fact(
        e.UpdateRefused, 1, update_id="u", update_source="/agencies/dlh", code="not_yours", message_id="m",
        message_en="m", state="other",
    )  # fmt: skip

    assert projected(routed(), refused).state == "routed"


@pytest.mark.parametrize(
    "ending",
    [
        clock(e.ClockMet, met_at=NOON, lateness_seconds=0.0),
        clock(e.ClockStopped, stopped_at=NOON, why="withdrawn"),
        clock(e.ClockPaused, paused_at=NOON),
        clock(e.FeedbackWindowExpired),
        clock(e.CompletionWindowExpired),
    ],
    ids=lambda data: type(data).__name__,
)
def test_ended_or_paused_clock_has_no_due_time(ending: e.ClockFact) -> None:
    assert projected(started(), ending).due == {}


def test_resumed_and_changed_clocks_are_due_later() -> None:
    later, latest = DUE + timedelta(days=1), DUE + timedelta(days=2)

    result = projected(
        started(),
        clock(e.ClockPaused, paused_at=NOON),
        clock(e.ClockResumed, resumed_at=NOON, due_at=later),
        clock(e.DueChanged, was=later, due_at=latest, why="reclassified"),
    )

    assert result.due == {SlaClock.RESPOND: latest}


def test_breach_stands_until_it_is_cleared() -> None:
    breached = clock(e.ClockBreached, classification="complaint", breached_at=DUE, level=1, responsible="liaison")

    before = projected(started(), breached)
    after = projected(started(), breached, clock(e.BreachCleared, overdue_seconds=3.0))

    assert (before.breaches, after.breaches) == (frozenset({SlaClock.RESPOND}), frozenset())


def test_order_of_reading_and_repeats_do_not_matter() -> None:
    events = [
        event(data, at=NOON + timedelta(seconds=second))
        for second, data in enumerate([accepted(), routed(), started()])
    ]

    results = {repr(project([*order, order[0]])) for order in permutations(events)}

    assert results == {repr(project(events))}


def test_projection_shows_how_long_each_agency_had_the_ticket() -> None:
    def at(hours: int) -> dict[str, object]:
        return {"at": NOON + timedelta(hours=hours)}

    first = routed(**at(0), version=1)
    declined = fact(e.TicketDeclined, 2, reason="Bukan.", agency="dishub", **at(2))
    tried = routed(**at(2), version=3, agency="dlh")
    closed = fact(e.TicketClosed, 4, by="system", state="closed", **at(26))
    reopened = fact(e.TicketReopened, 5, reason="Belum.", **at(30))

    result = projected(first, declined, tried, closed, reopened)

    since, tried_at = NOON, NOON + timedelta(hours=2)
    assert result.stays == (
        e.Tenure(agency="dishub", since=since, until=tried_at, declined_because="Bukan."),
        e.Tenure(agency="dlh", since=tried_at, until=NOON + timedelta(hours=26)),
        e.Tenure(agency="dlh", since=NOON + timedelta(hours=30)),
    )
    assert list(map(had, result.stays)) == [
        'dishub, 2 h, declined: "Bukan."', "dlh, 1 d", f"dlh, since {local(NOON + timedelta(hours=30))}",
    ]  # fmt: skip


def test_projection_shows_whom_a_ticket_follows_and_how_many_follow_it() -> None:
    joined, left = fact(e.ClusterJoined, 2, cluster="c"), fact(e.ClusterLeft, 3, cluster="c", reason="full")
    merged, unmerged = fact(e.TicketMerged, 4, into="d"), fact(e.TicketUnmerged, 5)
    counted = fact(e.ClusterCounted, 6, member="m", joined=True, members=3)

    story = [routed(), joined, left, merged, unmerged, counted]

    assert [projected(*story[:end]).follows for end in range(1, 7)] == [None, "c", None, "d", None, None]
    assert projected(*story).members == 3


def test_what_happened_to_a_ticket_comes_before_its_clocks_at_the_same_time() -> None:
    at_once = [event(data, at=NOON) for data in (clock(e.ClockMet, met_at=NOON, lateness_seconds=-1), routed())]

    assert [one.type for one in project(at_once).events] == [e.TicketRouted.TYPE, e.ClockMet.TYPE]


def test_people_see_the_leader_of_a_cluster_by_tracking_id() -> None:
    leader = fact(e.TicketAcknowledged, 2, ticket_id=part_id(TICKET, 9), tracking_id="K7QF-9D2MX-4Q")
    joined = fact(e.ClusterJoined, 2, cluster=leader.ticket_id)

    shown = lines(Ticket(TICKET, TRACKING, "web"), projected(routed(), joined), names=tracking_ids([event(leader)]))

    assert "  follows   K7QF-9D2MX-4Q, which tells of the same matter" in shown
    assert shown[-1].endswith("followed together with ticket K7QF-9D2MX-4Q, which tells of the same matter")


def divided() -> e.TicketFact:
    parts = [
        {"ticket_id": part_id(TICKET, number), "number": number, "agency": agency, "agency_name": agency.upper()}
        for number, agency in ((1, "dishub"), (2, "dlh"))
    ]
    return fact(e.TicketSplit, 2, state="split", agency=None, parts=parts, reason="Dua masalah.")


def test_a_divided_ticket_is_with_nobody_and_names_its_parts() -> None:
    result = projected(routed(version=1), divided())

    assert (result.state, result.agency) == ("split", None)
    assert [part.number for part in result.parts] == [1, 2]
    assert all(stay.until for stay in result.stays)


def test_people_see_the_parts_with_their_state() -> None:
    whole = Ticket(TICKET, TRACKING, "web")
    first, second = part_of(whole, 1), part_of(whole, 2)

    shown = lines(
        whole, projected(routed(version=1), divided()), [(first, projected(routed(version=1))), (second, projected())]
    )

    assert f"  part      {TRACKING}/1  routed, with dishub" in shown
    assert f"  part      {TRACKING}/2  not opened yet, with nobody" in shown
