import pytest

from shared.fairness.pace import BUSY_RECORDS, RECORDS_MIN, Batching, Pace

pytestmark = pytest.mark.unit

RECORDS_MAX = 500


def after(records: int, took_seconds: float, batch_seconds: float = 0.3) -> int:
    """Return how many records the next batch holds after one of *records* that took so long."""
    pace = Pace(Batching(batch_seconds))
    pace.gave(records, 0.0)
    pace.came_back(took_seconds)
    return pace.records_of(RECORDS_MAX)


def test_the_first_batch_holds_few_records() -> None:
    assert Pace(Batching(0.3)).records_of(RECORDS_MAX) == RECORDS_MIN


@pytest.mark.parametrize(
    ("records", "took_seconds", "wanted"),
    [(500, 0.5, 300), (150, 0.3, 150), (150, 0.15, 300), (500, 0.2, 500), (20, 0.0, 500), (3, 60.0, RECORDS_MIN)],
    ids=["too slow", "as slow as it should be", "faster", "fast", "no time at all", "an outage"],
)
def test_the_longer_a_batch_took_the_fewer_records_the_next_one_holds(
    records: int, took_seconds: float, wanted: int
) -> None:
    assert after(records, took_seconds) == wanted


def test_where_every_batch_takes_long_small_ones_are_not_the_remedy() -> None:
    """What each batch costs as such (a second here) is then most of it, and is shared by as many records again."""
    pace, now, found = Pace(Batching(0.3)), 0.0, []
    for _ in range(12):
        found.append(records := pace.records_of(RECORDS_MAX))
        pace.gave(records, now)
        now += 1.0 + records / 200
        pace.came_back(now)

    assert found[0] == RECORDS_MIN
    assert found[-1] > 200


def test_one_batch_that_takes_long_is_no_overload() -> None:
    pace = Pace(Batching(0.3))
    for took_seconds in (0.25, 2.0):
        pace.gave(500, 0.0)
        pace.came_back(took_seconds)

    assert pace.records_of(RECORDS_MAX) == 75


def test_whoever_sets_no_time_gets_as_many_as_it_may() -> None:
    assert Pace().records_of(RECORDS_MAX) == after(500, 60.0, float("inf")) == RECORDS_MAX


@pytest.mark.parametrize(
    ("records", "ended_at", "pause_seconds"),
    [(3, 1.01, 0.04), (3, 1.2, 0), (50, 1.01, 0)],
    ids=["few", "few, and it took long", "as many as it may hold"],
)
def test_a_batch_that_was_not_full_gives_others_time_to_come_along(
    records: int, ended_at: float, pause_seconds: float
) -> None:
    pace = Pace(Batching(0.3, apart_seconds=0.05))
    before_any = pace.pause_seconds(0.0)

    pace.gave(records, 1.0, records_max=50)

    assert (before_any, pace.pause_seconds(ended_at)) == (0, pytest.approx(pause_seconds))


@pytest.mark.parametrize(
    ("records", "pause_seconds"),
    [(1, 0.05), (BUSY_RECORDS // 2, 0.5), (BUSY_RECORDS, 1.0), (5 * BUSY_RECORDS, 1.0)],
    ids=["hardly any", "some", "busy", "busier"],
)
def test_the_busier_it_is_the_more_may_come_along(records: int, pause_seconds: float) -> None:
    pace = Pace(Batching(1.0, apart_seconds=0.05, busy_apart_seconds=1.0))

    pace.gave(records, 7.0, records_max=2_000)

    assert pace.pause_seconds(7.0) == pytest.approx(pause_seconds)


def test_the_time_between_two_questions_without_an_answer_counts_for_nothing() -> None:
    pace = Pace(Batching(0.3))
    pace.gave(500, 0.0)
    pace.came_back(0.3)

    pace.came_back(60.0)

    assert pace.records_of(RECORDS_MAX) == 500
