"""At night no reporter gets anything but what policy calls urgent, or what is about an emergency."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import decide
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Sending
from services.notify.domain.notices import Notice
from services.notify.domain.outcomes import Deferred, Delivered, Outcome, Postponed, Untried
from services.notify.domain.sending.attempts import claimed, conclude, tick
from shared.events import ContactSealed, EventData, state_after
from tests.builders import accepted, arrival, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import (
    LEASE,
    POLICY,
    brings_about,
    contact,
    correspondence,
    delivery,
)

pytestmark = pytest.mark.unit

RULES = POLICY.rules
EVENING = datetime(2026, 3, 2, 13, 55, tzinfo=UTC)  # 20:55 WIB
NIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 22:00 WIB
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # 06:00 WIB
CONTACT: ContactSealed = contact()
OF_REPORTER = [notice for notice in RULES.notices if REPORTER in notice.to]
DAY_OF_MINUTES = 24 * 60


def is_night(at: datetime) -> bool:
    """Return whether it is after 21:00 and before 06:00 in Jakarta, which is at +07:00 all the year."""
    hour = (at + timedelta(hours=7)).hour
    return hour >= 21 or hour < 6


@pytest.mark.parametrize("rule", OF_REPORTER, ids=lambda rule: rule.code)
def test_every_notice_to_a_reporter_waits_for_the_morning_unless_it_is_urgent(rule: Notice) -> None:
    data = brings_about(rule)
    state: Correspondence | None = None
    for said in (CONTACT, accepted(), data):
        state = state_after(state, decide(state, event(said, at=NIGHT), arrival(NIGHT), RULES))
    assert state is not None

    after = tick(state, RULES, NIGHT + RULES.wait_for).state

    assert after is not None
    begun = {one.notice for one in after.deliveries if isinstance(one.situation, Sending) and one.role == REPORTER}
    waiting = {one.notice: one.situation for one in after.deliveries if isinstance(one.situation, Due)}
    is_sent = rule.urgent or state.is_emergency
    assert begun - {"accepted"} == ({rule.code} - {"accepted"} if is_sent else set())
    assert is_sent or waiting[rule.code].at >= MORNING


@pytest.mark.parametrize("outcome", [Deferred("email", "smtp_451"), Untried(), Postponed("address_limit", NIGHT)])
def test_what_did_not_go_out_in_the_evening_waits_for_the_morning(outcome: Outcome) -> None:
    lease = Sending(EVENING + LEASE, 1)
    tried = conclude(correspondence(delivery(lease)), delivery().id, lease, outcome, RULES, EVENING).state
    assert tried is not None

    [after] = tick(tried, RULES, NIGHT).state.deliveries  # type: ignore[union-attr]

    assert after.situation == Due(MORNING, 2 if isinstance(outcome, Deferred) else 1)


def test_an_attempt_that_was_lost_in_the_evening_is_made_again_in_the_morning() -> None:
    lost = correspondence(delivery(Sending(EVENING + LEASE, 1)))

    [after] = tick(lost, RULES, NIGHT).state.deliveries  # type: ignore[union-attr]

    assert after.situation == Due(MORNING, 2)


def outcomes(delivery: Delivery, now: datetime) -> st.SearchStrategy[Outcome | None]:
    """Return how an attempt may end; None for one of which nobody hears any more."""
    return st.sampled_from(
        [
            Delivered("email"), Deferred("email", "smtp_451"), Untried(), None,
            Postponed("address_limit", now + timedelta(hours=1)),
        ]
    )  # fmt: skip


def claims(before: Correspondence, after: Correspondence) -> Iterator[tuple[Delivery, Sending]]:
    for one in claimed(before, after):
        assert isinstance(one.situation, Sending)
        yield one, one.situation


@given(
    steps=st.lists(st.tuples(st.sampled_from(OF_REPORTER), st.integers(0, DAY_OF_MINUTES // 4)), max_size=8),
    start=st.integers(0, DAY_OF_MINUTES),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_no_attempt_begins_in_the_quiet_hours(
    steps: list[tuple[Notice, int]], start: int, data: st.DataObject
) -> None:
    now = NOON + timedelta(minutes=start)
    state: Correspondence | None = None
    begun: list[tuple[Delivery, datetime, bool]] = []

    def pass_time(until: datetime) -> None:
        nonlocal now, state
        for _ in range(100):
            assert state is not None
            due = [at for one in state.deliveries if (at := one.attention_at) is not None]
            if not due or max(now, min(due)) > until:
                break
            now = max(now, min(due))
            after = state_after(state, tick(state, RULES, now))
            assert after is not None
            for one, lease in claims(state, after):
                begun.append((one, now, state.is_emergency))
                outcome = data.draw(outcomes(one, now))
                if outcome is not None:
                    ended = conclude(after, one.id, lease, outcome, RULES, now + timedelta(seconds=5))
                    after = state_after(after, ended) or after
            state = after
            now += timedelta(seconds=10)
        now = max(now, until)

    def hear(said: EventData) -> None:
        nonlocal state
        state = state_after(state, decide(state, event(said, at=now), arrival(now), RULES))

    hear(CONTACT)
    hear(accepted())
    for number, (rule, minutes) in enumerate(steps):
        said = brings_about(rule)
        changes = {"version": number + 2} if "version" in type(said).model_fields else {}
        hear(said.model_copy(update=changes))
        pass_time(now + timedelta(minutes=minutes))
    pass_time(now + timedelta(days=2))

    woken = [
        (one.notice, at)
        for one, at, is_emergency in begun
        if one.role == REPORTER and is_night(at) and not one.urgent and not is_emergency
    ]
    assert woken == []
