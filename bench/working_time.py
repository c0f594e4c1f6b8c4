"""How long counting working time takes: ``python bench/working_time.py``; prints the time of one call of each kind.

The calendar is the city's own, with breaks, Ramadan and holidays; starts are spread over 2026. Compiling a year is paid
once per calendar and year and is shown apart.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.sla.policy import load_sla
from shared.working_time.counting import WorkingTime

CALLS = 2_000
REPEATS = 5
SIXTY_DAYS = timedelta(hours=450)  # 60 days of 7.5 hours
STARTS = [datetime(2026, 1, 1, tzinfo=UTC) + n * timedelta(minutes=263) for n in range(CALLS)]


def best(call: Callable[[datetime], object]) -> float:
    """Return the seconds of one call, in the fastest of several rounds over all starts."""
    rounds = timeit.repeat(lambda: [call(at) for at in STARTS], number=1, repeat=REPEATS)
    return min(rounds) / CALLS


def main() -> None:
    city = load_sla(Path(__file__).parents[1] / "policy").calendars["default"]
    kinds: dict[str, Callable[[datetime], object]] = {
        "add 60 working days (450 h)": lambda at: city.add(at, SIXTY_DAYS),
        "subtract 60 working days (450 h)": lambda at: city.subtract(at, SIXTY_DAYS),
        "60th working day": lambda at: city.nth_working_day(at, 60),
        "between, 84 days apart": lambda at: city.between(at, at + timedelta(days=84)),
    }
    for name, call in kinds.items():
        print(f"{name:<34} {best(call) * 1e6:8.2f} us")
    year = min(timeit.repeat(lambda: WorkingTime(city.calendar).year(2026), number=1, repeat=REPEATS))
    print(f"{'compiling one year':<34} {year * 1e6:8.0f} us")


if __name__ == "__main__":
    main()
