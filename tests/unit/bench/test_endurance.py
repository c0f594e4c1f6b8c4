"""What is read off while services handle complaints for long."""

import json
from itertools import islice
from pathlib import Path

import pytest

from bench.endurance import Mark, country, reported, reports
from services.intake.policy import load_intake

pytestmark = pytest.mark.unit


def test_each_mark_tells_what_was_used_since_the_one_before() -> None:
    begin = Mark(500, 10.0, {"intake": 1.0, "mongod": 2.0}, {"intake": 90.0, "mongod": 100.0})
    first = Mark(1_500, 20.0, {"intake": 1.5, "mongod": 4.0}, {"intake": 120.4, "mongod": 300.0})
    second = Mark(3_500, 24.0, {"intake": 1.7, "mongod": 4.2}, {"intake": 119.6, "mongod": 310.0})

    assert reported([begin, first, second]) == [
        {
            "complaints": 1_500,
            "per_second": 100.0,
            "cpu_us": {"intake": 500, "mongod": 2_000},
            "rss_mib": {"intake": 120, "mongod": 300},
        },
        {
            "complaints": 3_500,
            "per_second": 500.0,
            "cpu_us": {"intake": 100, "mongod": 100},
            "rss_mib": {"intake": 120, "mongod": 310},
        },
    ]


def test_a_last_mark_without_more_complaints_is_none() -> None:
    only = Mark(1_500, 20.0, {"intake": 1.0}, {"intake": 90.0})

    assert reported([only, only]) == []


def test_hardly_two_reports_are_alike_and_a_seed_gives_the_same_ones() -> None:
    def told(seed: str) -> list[tuple[str, str]]:
        records = [json.loads(value)["data"] for _, value in islice(reports(seed, cities=40), 400)]
        return [(record["location"].get("kelurahan", ""), record["body"]) for record in records]

    once = told("one")

    assert told("one") == once
    assert told("another") != once
    assert len(set(once)) > 395


@pytest.mark.parametrize(("cities", "kelurahan_min"), [(1, 40), (40, 200)])
def test_every_kelurahan_that_a_report_names_is_known_in_its_own_city(
    cities: int, kelurahan_min: int, tmp_path: Path
) -> None:
    """Of one that is not known, routing compares no report: the first runs measured that without knowing it."""
    places = load_intake(country(tmp_path, cities)).places
    sent = [json.loads(value)["data"]["location"] for _, value in islice(reports("known", cities), 300)]
    named = [place["kelurahan"] for place in sent if "kelurahan" in place]

    found = [places.named(name) for name in named]

    assert [place.kelurahan.kelurahan for place in found if place and place.kelurahan] == named
    assert len(set(named)) >= kelurahan_min
