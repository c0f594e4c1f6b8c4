"""The endurance benchmark's reports come from kelurahan that its policy knows, or none is compared."""

import json
from itertools import islice
from pathlib import Path

import pytest

from bench.endurance import country, reports
from services.intake.policy import load_intake

pytestmark = pytest.mark.unit

REPORTS = 300


@pytest.mark.parametrize(("cities", "kelurahan_min"), [(1, 40), (40, 200)])
def test_every_kelurahan_that_a_report_names_is_known_in_its_own_city(
    cities: int, kelurahan_min: int, tmp_path: Path
) -> None:
    places = load_intake(country(tmp_path, cities)).places
    sent = [json.loads(value)["data"]["location"] for _, value in islice(reports("known", cities), REPORTS)]
    named = [place["kelurahan"] for place in sent if "kelurahan" in place]

    found = [places.named(name) for name in named]

    assert [place.kelurahan.kelurahan for place in found if place and place.kelurahan] == named
    assert len(set(named)) >= kelurahan_min
