from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.deliveries import (
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Settled,
    Situation,
    Suppressed,
    Waiting,
)
from services.notify.domain.notices import Matters, cluster_news, is_told_by_leader, leader_of
from services.notify.domain.outcomes import Postponed, Withheld
from services.notify.domain.sending.attempts import conclude, tick
from services.notify.domain.sending.pacing import room_at, supersede
from services.notify.domain.settlement import put_away
from shared.events import TicketAnswered, TicketProgressed
from shared.ids import named
from shared.values import replace
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import (
    DELIVERY,
    LEADER,
    LEASE,
    POLICY,
    correspondence,
    delivery,
    notice,
    rules,
)

pytestmark = pytest.mark.unit

MINUTE, WINDOW = timedelta(minutes=1), timedelta(minutes=5)
DUE = Due(NOON, 1)
RULES = rules(
    notice(code="note", on=TicketProgressed.TYPE, matters=Matters.NOTE, supersedes=("note",)),
    notice(code="answer", on=TicketAnswered.TYPE, matters=Matters.ACT, supersedes=("note", "news")),
    notice(code="news", once_per_cluster="news"),
    window_for=WINDOW, daily_max=3,
)  # fmt: skip


def one(code: str, situation: Situation = DUE, **changes: Any) -> Delivery:
    return delivery(situation, **({"notice": code, "id": named(TICKET, code)} | changes))


def sent(at_minute: float, **changes: Any) -> Delivery:
    """Return what was sent so many minutes before noon."""
    situation = Sent(NOON - at_minute * MINUTE, 1, "email")
    return one("earlier", situation, id=named(TICKET, f"{at_minute}"), **changes)


@pytest.mark.parametrize(
    ("other", "at"),
    [
        (sent(0), NOON + WINDOW),
        (sent(4.99), NOON + 0.01 * MINUTE),
        (sent(5), None),
        (sent(0, urgent=True), NOON + WINDOW),
        (sent(0, role="liaison", agency="dishub"), None),
        (sent(0, agency="dlh"), NOON + WINDOW),
        (sent(0, part="another part"), None),
        (one("failed", Failed(NOON, 1, "email", "smtp_451")), NOON + WINDOW),
        (one("leased", Sending(NOON + LEASE, 1)), NOON + WINDOW),
        (one("waiting", Waiting(NOON + MINUTE)), None),
        (one("suppressed", Suppressed(NOON, 0, "superseded")), None),
    ],
)
def test_a_window_begins_with_what_the_same_recipient_was_told_of_the_same_part(other: Delivery, at: Any) -> None:
    open_ = room_at(one("note"), correspondence(), (other,), RULES, NOON, gathers=True)
    kept = room_at(one("note"), put_away(correspondence(other), NOON), (), RULES, NOON, gathers=True)

    assert open_ == at
    assert kept == (None if isinstance(other.situation, Sending) else at)


def test_each_agency_has_a_window_of_its_own() -> None:
    told = sent(0, role="liaison", agency="dishub")

    def at(agency: str) -> datetime | None:
        held = one("note", role="liaison", agency=agency)
        return room_at(held, correspondence(), (told,), RULES, NOON, gathers=True)

    assert (at("dlh"), at("dishub")) == (None, NOON + WINDOW)


@pytest.mark.parametrize(
    ("changes", "state", "gathers"),
    [({"urgent": True}, {}, True), ({}, {"priority": "emergency"}, True), ({}, {}, False)],
    ids=["urgent", "emergency", "within the house"],
)
def test_some_wait_for_no_window(changes: dict[str, Any], state: dict[str, Any], gathers: bool) -> None:
    assert room_at(one("note", **changes), correspondence(**state), (sent(0),), RULES, NOON, gathers=gathers) is None


def test_of_what_comes_due_together_what_matters_most_goes_and_the_rest_waits() -> None:
    state = correspondence(one("note"), one("news"), one("answer"))

    after = tick(state, RULES, NOON).state

    assert after is not None
    assert [each.situation for each in after.deliveries] == [
        Due(NOON + WINDOW, 1), Due(NOON + WINDOW, 1), Sending(NOON + LEASE, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("older", "gives_way"),
    [
        (one("note"), True),
        (one("note", Due(NOON + MINUTE, 3)), True),
        (one("note", Waiting(NOON)), True),
        (one("note", agency="dlh"), True),
        (one("note", told={"clock": "respond"}), True),
        (one("other"), False),
        (one("note", urgent=True), False),
        (one("note", Sending(NOON + LEASE, 1)), False),
        (one("note", Sent(NOON, 1, "email")), False),
        (one("note", role="liaison"), False),
        (one("note", part="another part"), False),
    ],
)
def test_a_newer_notice_ends_what_waits_for_the_same_recipient(older: Delivery, gives_way: bool) -> None:
    before, newest = supersede(one("answer"), [older], RULES, NOON)

    attempts = older.situation.attempt if isinstance(older.situation, Due) else 0
    assert before.situation == (Suppressed(NOON, attempts, "superseded") if gives_way else older.situation)
    assert newest == one("answer")


def test_without_a_window_nothing_is_superseded() -> None:
    apart = replace(RULES, window_for=timedelta())

    assert supersede(one("answer"), [one("note")], apart, NOON) == [one("note"), one("answer")]


def test_what_is_about_another_clock_does_not_give_way() -> None:
    respond, resolve = one("note", told={"clock": "respond"}), one("note", told={"clock": "resolve"}, id="newer")

    assert supersede(resolve, [respond], RULES, NOON) == [respond, resolve]


def test_the_newest_waits_no_longer_than_what_it_supersedes_would_have() -> None:
    older, newer = one("note", Waiting(NOON + MINUTE)), one("note", Waiting(NOON + 2 * MINUTE), id="newer")

    assert supersede(newer, [older], RULES, NOON)[-1] == one("note", Waiting(NOON + MINUTE), id="newer")


def test_what_is_postponed_makes_no_attempt() -> None:
    lease = Sending(NOON + LEASE, 2)

    decision = conclude(
        correspondence(delivery(lease)), DELIVERY, lease, Postponed("address_limit", NOON + MINUTE), RULES, NOON
    )

    assert decision.facts == ()
    assert decision.state == correspondence(delivery(Due(NOON + MINUTE, 2)))


def test_what_is_too_old_when_its_turn_comes_is_suppressed() -> None:
    old = one("note", planned_at=NOON - RULES.stale_for + timedelta(hours=1))
    today = [sent(10 + number) for number in range(3)]

    after = tick(correspondence(old, *today), RULES, NOON)

    assert [fact.data.why for fact in after.facts] == ["too_many"]  # type: ignore[attr-defined]


def test_of_two_tickets_of_a_cluster_the_same_is_news_and_another_answer_is_not() -> None:
    leads, follows = correspondence(ticket_id=LEADER), correspondence(follows=LEADER)
    told = one("answered", told={"answer": "Sudah."}, agency="dishub")
    offered = one("answer_offered", told={"answer": "Sudah."}, agency="dishub")

    news = cluster_news(leads, told, POLICY.rules)

    assert news is not None
    assert cluster_news(follows, offered, POLICY.rules) == news
    assert cluster_news(correspondence(), offered, POLICY.rules) != news
    assert cluster_news(follows, one("answered", told={"answer": "Lagi."}, agency="dishub"), POLICY.rules) != news
    assert cluster_news(follows, one("held"), POLICY.rules) is None
    assert cluster_news(leads, one("agency_new_ticket", role="liaison"), POLICY.rules) is None


@pytest.mark.parametrize(
    ("held", "state", "leader"),
    [
        (one("news", role="liaison"), {"follows": LEADER}, LEADER),
        (one("news", role="triage"), {"follows": LEADER}, LEADER),
        (one("news"), {"follows": LEADER}, None),
        (one("note", role="liaison"), {"follows": LEADER}, None),
        (one("news", role="liaison"), {}, None),
        (one("news", role="liaison"), {"follows": LEADER, "has_acted": True}, None),
    ],
)
def test_a_leader_may_stand_for_what_officials_are_told_of_a_follower(
    held: Delivery, state: dict[str, Any], leader: str | None
) -> None:
    assert leader_of(correspondence(**state), held, RULES) == leader


@pytest.mark.parametrize(
    ("leader", "stands_for_it"),
    [
        ({"agency": "dishub"}, True),
        ({"agency": "dlh"}, False),
        ({}, False),
        ({"agency": "dishub", "ended_at": NOON}, False),
        ({"agency": "dishub", "complaint": None}, False),
    ],
)
def test_a_leader_stands_for_a_follower_of_the_same_agency_until_it_ends(
    leader: dict[str, Any], stands_for_it: bool
) -> None:
    held = one("news", role="liaison", agency="dishub")

    assert is_told_by_leader(correspondence(**leader), held) is stands_for_it


@pytest.mark.parametrize(("follows", "situation"), [(LEADER, Suppressed(NOON, 1, "same_cluster")), (None, DUE)])
def test_what_was_left_to_a_leader_is_sent_if_the_ticket_follows_it_no_more(
    follows: str | None, situation: Situation
) -> None:
    lease = Sending(NOON + LEASE, 1)
    state = correspondence(delivery(lease, role="liaison", agency="dishub"), follows=follows)

    decision = conclude(state, DELIVERY, lease, Withheld("same_cluster"), RULES, NOON)

    assert decision.state is not None
    assert [each.situation for each in decision.state.deliveries] == [situation]


@pytest.mark.parametrize("follows", [LEADER, None])
def test_what_a_reporter_has_heard_of_another_ticket_is_not_tried_again(follows: str | None) -> None:
    """Of the one that leads, too: it follows nobody, and would be tried for as long as the address is remembered."""
    lease = Sending(NOON + LEASE, 1)
    state = correspondence(delivery(lease), follows=follows)

    decision = conclude(state, DELIVERY, lease, Withheld("same_cluster"), RULES, NOON)

    assert decision.state is not None
    assert [each.situation for each in decision.state.deliveries] == [Suppressed(NOON, 1, "same_cluster")]


def test_of_which_part_it_was_is_kept() -> None:
    kept = Settled.of(sent(0, part="a part"))

    assert kept is not None
    assert kept.part == "a part"
