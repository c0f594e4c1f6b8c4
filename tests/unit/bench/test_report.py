"""The tables of docs/performance.md are those of a run, and nobody's hand."""

import json

import pytest

from bench.report import BEGIN, END, PERFORMANCE, ROOT, before, inserted, rendered

pytestmark = pytest.mark.unit

RUN = {
    "per_second": 700.4, "complaints": 1000, "through": {"all": 700.4}, "cpu_us": {"intake": 200, "broker": 1800},
    "cpu_us_total": 2000, "rss_mib": {"intake": [100, 110]}, "records": {"complaints.accepted": 1.0},
    "documents": {"inserted": 4.0}, "stored": {},
}  # fmt: skip
PERCENTILES = {"p50": 40.0, "p99": 90.5, "p99.9": 120.0, "max": 130.0, "count": 600}
WAYS = dict.fromkeys(("agency", "events", "agency_by_broker", "events_by_broker"), PERCENTILES)
FOUND = {
    "at": "2026-11-28",
    "machine": {"processor": "Abacus", "cores": "2", "load": "0.1", "system": "Linux"},
    "versions": {"commit": "abc1234", "python": "3.11.7"},
    "runs": {
        "apache": {
            "pipeline": RUN,
            "ceiling": RUN | {"per_second": 1400.8},
            "ratio": 0.5,
            "latency": {"100": WAYS},
            "bursts": {"10": WAYS},
            "idle": {"intake": 0.5, "routing": 1.0, "mongod": 2.0, "broker": 3.0},
            "lifecycles": {"pipeline": RUN | {"per_second": 99.6}, "ceiling": RUN, "ratio": 0.14},
        }
    },
}


def rows(figures: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in figures.splitlines() if line.startswith("| ")]
    return {head: cells for head, *cells in lines}


def test_what_a_run_has_found_is_said() -> None:
    figures = rendered(FOUND, before())
    found = rows(figures)

    assert "Abacus" in figures
    assert "commit abc1234" in figures
    assert found["one broker, one mongod"] == ["276", "700", "1,401", "0.50", "-"]
    assert found["full lifecycles, one broker, one mongod"] == ["-", "100", "700", "0.14", "-"]
    assert found["in all"] == ["6,598", "2,000", "2,000"]
    assert found["100 to the agency's topic"] == ["40.0", "90.5", "120.0", "130.0", "90.5"]
    assert found["four services"] == ["1.5"]


def test_figures_stand_between_the_markers_and_nothing_else_changes() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"

    assert inserted(text, "new\n") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="do not stand there"):
        inserted("no marker", "new")


def test_the_guide_shows_the_figures_that_are_committed() -> None:
    runs = sorted((ROOT / "bench" / "figures").glob("20*.json"))
    text = PERFORMANCE.read_text(encoding="utf-8")

    assert text.index(BEGIN) < text.index(END) < text.index("## Clocks")
    for newest in runs[-1:]:
        assert inserted(text, rendered(json.loads(newest.read_text(encoding="utf-8")), before())) == text
