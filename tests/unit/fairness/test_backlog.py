"""How much those behind us should get: less than a second of what they do, while they are seen to go on."""

import pytest

from shared.fairness.backlog import (
    AHEAD_SECONDS,
    ROOM_RECORDS_MIN,
    STALE_SECONDS,
    STILL_MAX_SECONDS,
    UNKNOWN_MAX_SECONDS,
    Backlog,
    Reading,
)

pytestmark = pytest.mark.unit

STEP_SECONDS = 0.1


def busy(backlog: Backlog, per_second: int, waiting: int = 1000, at: float = 0.0, seconds: float = 2.0) -> float:
    """Let those behind us handle so many a second while so many lie before them; return when it was last looked at."""
    for step in range(round(seconds / STEP_SECONDS) + 1):
        handled = round(per_second * step * STEP_SECONDS)
        backlog.note(Reading(at + step * STEP_SECONDS, handled + waiting, handled))
    return at + seconds


def test_nothing_is_sent_ahead_before_it_is_known_how_far_they_are() -> None:
    assert Backlog().room(0.0) == 0


def test_they_get_a_little_before_their_speed_is_known() -> None:
    backlog = Backlog()
    backlog.note(Reading(0.0, 10, 10))

    assert backlog.room(0.0) == ROOM_RECORDS_MIN


@pytest.mark.parametrize("per_second", [200, 800, 3000])
def test_they_get_what_they_handle_in_less_than_a_second(per_second: int) -> None:
    backlog = Backlog()
    at = busy(backlog, per_second, waiting=10)

    assert backlog.speed() == pytest.approx(per_second)
    assert backlog.room(at) == round(AHEAD_SECONDS * per_second) - 10


def test_who_needs_long_for_each_step_gets_what_is_done_in_three_of_them() -> None:
    backlog = Backlog()
    for step in range(41):
        handled = 200 * (step // 20)
        backlog.note(Reading(step * STEP_SECONDS, handled + 30, handled))

    assert (backlog.step_seconds(), backlog.speed()) == (pytest.approx(2.0), pytest.approx(100))
    assert backlog.room(4.0) == 600 - 30


def test_what_lies_before_them_and_what_is_on_its_way_takes_room() -> None:
    backlog = Backlog()
    at = busy(backlog, 1000, waiting=100)

    backlog.took(150)

    assert backlog.room(at) == 800 - 100 - 150
    backlog.took(5000)
    assert backlog.room(at) == 0


def test_they_get_nothing_until_half_of_what_they_should_have_is_handled() -> None:
    backlog = Backlog()
    at = busy(backlog, 1000, waiting=400)

    assert backlog.room(at) == 400
    backlog.took(1)
    assert backlog.room(at) == 0


def test_what_was_taken_before_a_reading_was_asked_for_is_in_it_and_what_was_taken_later_is_not() -> None:
    backlog = Backlog()
    at = busy(backlog, 1000, waiting=100)

    backlog.took(150)
    backlog.asked()
    backlog.took(30)
    backlog.note(Reading(at, 2250, 2000))

    assert backlog.room(at) == 800 - 250 - 30


def test_idle_times_do_not_make_them_slow() -> None:
    backlog = Backlog()
    busy(backlog, 1000, waiting=100, seconds=1.0)
    backlog.note(Reading(1.1, 1100, 1100))
    backlog.note(Reading(1.9, 1100, 1100))

    assert backlog.speed() == pytest.approx(1000)


def test_who_stands_still_holds_nobody_back_for_long() -> None:
    backlog = Backlog()
    rooms = {}
    for step in range(round((STILL_MAX_SECONDS + 1) / STEP_SECONDS)):
        at = step * STEP_SECONDS
        backlog.note(Reading(at, 1000, 0))
        rooms[round(at, 1)] = backlog.room(at)

    assert (rooms[0.0], rooms[STILL_MAX_SECONDS], rooms[STILL_MAX_SECONDS + 0.1]) == (0, 0, None)


def test_who_goes_on_again_is_waited_for_again() -> None:
    backlog = Backlog()
    at = busy(backlog, 0, seconds=STILL_MAX_SECONDS + 1)
    assert backlog.room(at) is None

    backlog.note(Reading(at + STEP_SECONDS, 1000, 50))

    assert backlog.room(at + STEP_SECONDS) == 0


def test_nobody_is_waited_for_who_has_nothing_before_him() -> None:
    backlog = Backlog()
    at = busy(backlog, 0, waiting=0, seconds=STILL_MAX_SECONDS + 1)

    backlog.note(Reading(at + STEP_SECONDS, 500, 0))

    assert backlog.room(at + STEP_SECONDS) == 0


def test_an_old_reading_says_nothing_and_nobody_is_held_back_for_long_if_no_other_comes() -> None:
    backlog = Backlog()
    at = busy(backlog, 1000, waiting=100) + STALE_SECONDS

    assert backlog.room(at) == 700
    assert backlog.room(at + 0.1) == 0
    assert backlog.room(at + 0.1 + UNKNOWN_MAX_SECONDS) == 0
    assert backlog.room(at + 0.2 + UNKNOWN_MAX_SECONDS) is None


@pytest.mark.parametrize(
    ("waited_before", "handled", "room"),
    [(100, 2000, None), (100, 2001, 0), (0, 2000, 0)],
    ids=["stands still", "went on", "had nothing to do"],
)
def test_who_has_stood_still_while_nobody_looked_holds_nobody_back(
    waited_before: int, handled: int, room: int | None
) -> None:
    backlog = Backlog()
    busy(backlog, 1000, waiting=waited_before)

    backlog.note(Reading(3600.0, 5000, handled))

    assert (backlog.room(3600.0), backlog.speed()) == (room, 0.0)
