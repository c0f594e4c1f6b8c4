"""When a digest is due and how it ends, and which notices are gathered for it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Gathered, Part, RunningClock
from services.notify.domain.deliveries import IN_DIGEST, Due, Failed, Sending, Suppressed
from services.notify.domain.digests.schedule import (
    NOTHING_TO_TELL,
    OVER_MAX,
    OVERLAP_FOR,
    Digests,
    chosen,
    conclude,
    digest_of,
    due_at,
    tick,
)
from services.notify.domain.outcomes import Deferred, Delivered, Untried, Withheld
from services.notify.domain.sending.attempts import tick as tick_deliveries
from services.notify.domain.sending.timing import DigestTimes
from services.notify.domain.settlement import GATHERED_FOR, GATHERED_MAX
from services.notify.domain.standing import Standing
from services.notify.store import STATE
from shared.events import SlaClock
from shared.ids import part_id
from shared.values import replace
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LATER, MORNINGS, POLICY, TUESDAY, correspondence, delivery, rules

pytestmark = pytest.mark.unit

DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
RULES = rules(digests={("dishub", "liaison"): MORNINGS})
NEW = chosen(None, "dishub", "liaison", NOON)
ROUTED = Standing("routed")
SUNDAYS = DigestTimes(time(7, 30), frozenset({6}), POLICY.zone)


def claimed(digests: Digests = NEW, now: datetime = TUESDAY) -> tuple[Digests, Sending]:
    after = tick(digests, MORNINGS, RULES, now)
    assert after.current is not None
    assert isinstance(after.current.situation, Sending)
    return after, after.current.situation


def ended(digests: Digests, lease: Sending, outcome: Any, gathered: Any = (), now: datetime = TUESDAY) -> Digests:
    return conclude(digests, lease, outcome, now, gathered, RULES, now)


def ticket(**changes: Any) -> Correspondence:
    return correspondence(**({"agency": "dishub", "standing": ROUTED} | changes))


def gathered(id_: str = "d1", at: datetime = NOON, **changes: Any) -> Gathered:
    return Gathered(
        **({"id": id_, "notice": "agency_reply", "role": "liaison", "agency": "dishub", "at": at} | changes)
    )


@pytest.mark.parametrize(
    ("now", "last", "after"),
    [
        (TUESDAY - SECOND, TUESDAY - DAY, TUESDAY),
        (TUESDAY, TUESDAY, TUESDAY + DAY),
        (TUESDAY + SECOND, TUESDAY, TUESDAY + DAY),
        (TUESDAY + 3 * DAY, TUESDAY + 3 * DAY, TUESDAY + 6 * DAY),  # from Friday on until Monday
        (TUESDAY + 6 * DAY - SECOND, TUESDAY + 3 * DAY, TUESDAY + 6 * DAY),
    ],
)
def test_a_digest_is_due_at_its_local_time_of_its_days(now: datetime, last: datetime, after: datetime) -> None:
    assert (MORNINGS.last(now), MORNINGS.after(now)) == (last, after)


def test_a_week_has_one_time_where_one_day_is_named() -> None:
    sunday = datetime(2026, 3, 8, 0, 30, tzinfo=UTC)

    assert (SUNDAYS.last(sunday - SECOND), SUNDAYS.after(sunday - SECOND)) == (sunday - 7 * DAY, sunday)
    assert (SUNDAYS.last(sunday), SUNDAYS.after(sunday)) == (sunday, sunday + 7 * DAY)


def test_the_first_digest_comes_at_the_next_time_after_the_choice() -> None:
    assert due_at(NEW, MORNINGS) == TUESDAY
    assert tick(NEW, MORNINGS, RULES, TUESDAY - SECOND) is NEW


def test_choosing_again_what_is_chosen_changes_nothing() -> None:
    assert chosen(NEW, "dishub", "liaison", LATER) is NEW


def test_of_several_mornings_that_were_missed_the_last_one_counts() -> None:
    after, _ = claimed(now=TUESDAY + 2 * DAY + HOUR)

    assert after.scheduled_at == TUESDAY + 2 * DAY
    assert due_at(replace(after, current=None), MORNINGS) == TUESDAY + 3 * DAY


def test_a_digest_has_the_same_id_for_every_process_and_attempt_and_another_each_morning() -> None:
    first, again, next_one = (claimed(now=at)[0].current for at in (TUESDAY, TUESDAY + HOUR, TUESDAY + DAY))

    assert first is not None
    assert again is not None
    assert next_one is not None
    assert first.id == again.id != next_one.id


def test_what_is_leased_is_left_alone_until_the_lease_runs_out() -> None:
    digests, lease = claimed()

    assert tick(digests, MORNINGS, RULES, lease.until - SECOND) is digests
    assert claimed(digests, lease.until)[1] == Sending(lease.until + RULES.lease_for, 2)


def test_a_digest_of_which_nothing_is_ever_heard_fails_after_the_last_attempt() -> None:
    digests, lease = claimed()
    for _ in range(RULES.retries.attempts_max):
        digests = tick(digests, MORNINGS, RULES, lease.until)
        if digests.current is None:
            break
        assert isinstance(digests.current.situation, Sending)
        lease = digests.current.situation

    assert [(each.outcome, each.why) for each in digests.over] == [("failed", "outcome_unknown")]
    assert digests.told_until == NEW.told_until


def test_an_attempt_that_another_one_has_taken_over_concludes_nothing() -> None:
    digests, lease = claimed()
    later, _ = claimed(digests, lease.until)

    assert ended(later, lease, Delivered("email")) is later
    assert ended(NEW, lease, Delivered("email")) is NEW


def test_what_is_put_off_is_due_again() -> None:
    digests, lease = claimed()

    put_off = ended(digests, lease, Deferred("email", "smtp_421"))
    untried = ended(digests, lease, Untried())

    assert put_off.current is not None
    assert isinstance(put_off.current.situation, Due)
    assert put_off.current.situation.attempt == 2
    assert untried.current is not None
    assert untried.current.situation == Due(TUESDAY, 1)
    assert due_at(untried, MORNINGS) == TUESDAY


@pytest.mark.parametrize(
    ("outcome", "has_told"),
    [(Delivered("email"), True), (Withheld(NOTHING_TO_TELL), True), (Withheld("no_channel"), False)],
)
def test_only_what_was_sent_or_had_nothing_to_tell_counts_as_told(outcome: Any, has_told: bool) -> None:
    digests, lease = claimed()

    after = ended(digests, lease, outcome, [("old", TUESDAY - HOUR), ("late", TUESDAY - MINUTE)])

    expected = (TUESDAY - OVERLAP_FOR, ("late",)) if has_told else (NEW.told_until, ())
    assert (after.told_until, after.told_later) == expected
    assert after.current is None


def test_so_many_digests_are_remembered() -> None:
    digests = NEW
    for day in range(OVER_MAX + 3):
        now = TUESDAY + 7 * day * DAY
        digests, lease = claimed(digests, now)
        digests = ended(digests, lease, Delivered("email"), now=now)

    assert len(digests.over) == OVER_MAX
    assert digests.over[-1].planned_at == TUESDAY + 7 * (OVER_MAX + 2) * DAY


def test_the_digest_that_told_of_a_notice_is_the_first_that_was_sent_afterwards() -> None:
    digests, lease = claimed()
    digests = ended(digests, lease, Delivered("email"))
    digests, lease = claimed(digests, TUESDAY + DAY)
    digests = ended(digests, lease, Delivered("email"), now=TUESDAY + DAY)

    assert digest_of(digests, NOON) == digests.over[0]
    assert digest_of(digests, TUESDAY + HOUR) == digests.over[1]
    assert digest_of(digests, TUESDAY + 2 * DAY) is None


def test_who_takes_the_choice_back_is_looked_at_once_more() -> None:
    last = tick(NEW, None, RULES, TUESDAY)
    assert last.current is not None
    assert isinstance(last.current.situation, Sending)
    after = ended(last, last.current.situation, Withheld(NOTHING_TO_TELL))

    assert due_at(NEW, None) == NOON
    assert last.is_last
    assert due_at(after, None) is None
    assert tick(after, None, RULES, LATER) is after
    assert not chosen(after, "dishub", "liaison", LATER).is_last


def test_what_is_gathered_is_kept_so_long_and_so_many_of_it() -> None:
    old = tuple(gathered(f"o{number}", NOON - GATHERED_FOR) for number in range(3))
    young = tuple(gathered(f"y{number}", NOON - HOUR) for number in range(GATHERED_MAX))
    due = delivery(Due(NOON, 1), role="liaison", agency="dishub")
    full = ticket(deliveries=(due,), gathered=(*old, *young))
    state = replace(full, gathered=old)

    after, few = (tick_deliveries(each, RULES, NOON).state for each in (full, state))

    assert after is not None
    assert few is not None
    assert [each.id for each in after.gathered] == [*(each.id for each in young[1:]), due.id]
    assert [each.id for each in few.gathered] == [due.id]
    assert few.deliveries[0].situation == Suppressed(NOON, 1, IN_DIGEST)


def test_what_was_leased_when_the_choice_was_made_is_gathered_once_its_lease_is_over() -> None:
    leased = ticket(deliveries=(delivery(Sending(NOON, 1), role="liaison", agency="dishub"),))

    after = tick_deliveries(leased, RULES, NOON).state

    assert after is not None
    assert after.deliveries[0].situation == Suppressed(NOON, 1, IN_DIGEST)


@pytest.mark.parametrize("changes", [{"urgent": True}, {"repeats": "d0"}, {"role": "agency_head"}, {"agency": "dlh"}])
def test_what_is_urgent_sent_again_or_for_another_goes_out_singly(changes: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"role": "liaison", "agency": "dishub"}
    state = ticket(deliveries=(delivery(Due(NOON, 1), **(plain | changes)),))

    after = tick_deliveries(state, RULES, NOON).state

    assert after is not None
    assert isinstance(after.deliveries[0].situation, Sending)


def test_an_emergency_in_one_part_goes_out_singly() -> None:
    part = part_id(TICKET, 1)
    plain: dict[str, Any] = {"role": "liaison", "agency": "dishub", "part": part}
    state = ticket(parts={part: Part(1, priority="emergency")}, deliveries=(delivery(Due(NOON, 1), **plain),))

    after = tick_deliveries(state, RULES, NOON).state

    assert after is not None
    assert isinstance(after.deliveries[0].situation, Sending)


def test_documents_from_before_digests_can_be_read() -> None:
    stored = STATE.dump_python(ticket(clocks={SlaClock.RESOLVE: RunningClock(NOON, LATER)}), mode="json")
    del stored["gathered"], stored["clocks"]["resolve"]["over_at"]

    assert STATE.validate_python(stored) == ticket(clocks={SlaClock.RESOLVE: RunningClock(NOON, LATER)})


def test_a_digest_that_fails_says_why() -> None:
    digests, lease = claimed(replace(NEW, current=delivery(Sending(TUESDAY, RULES.retries.attempts_max - 1))), TUESDAY)

    after = ended(digests, lease, Deferred("email", "smtp_421"))

    assert digests.current is not None
    assert after.over[-1].why == Failed(TUESDAY, 3, "email", "smtp_421").error
