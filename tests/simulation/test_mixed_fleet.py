"""Two releases side by side under the scheduler: nothing is lost, least of all what only the newer one knows."""

from typing import Any

import pytest

from shared.delivery.documents import codec
from tests.simulation.mixed import run_mixed

pytestmark = pytest.mark.simulation

SEEDS = 40
RANGE_SEEDS = 5
MUTANT_SEEDS_MAX = 20


@pytest.mark.parametrize("first", range(0, SEEDS, RANGE_SEEDS))
def test_fields_of_the_newer_release_survive_every_save_by_the_older(first: int) -> None:
    ran = [run_mixed(seed) for seed in range(first, first + RANGE_SEEDS)]

    assert [finding for findings, _ in ran for finding in findings] == []
    assert all(carried for _, carried in ran)


def test_a_release_that_drops_unknown_fields_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def dropped(now: Any, stored: Any, known: Any) -> Any:
        return now

    monkeypatch.setattr(codec, "with_unknown_fields", dropped)

    assert any(run_mixed(seed)[0] for seed in range(MUTANT_SEEDS_MAX))


def test_a_release_that_keeps_unknown_fields_at_the_top_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def kept_at_the_top(now: Any, stored: Any, known: Any) -> Any:
        return now | {name: stored[name] for name in stored if name not in known}

    monkeypatch.setattr(codec, "with_unknown_fields", kept_at_the_top)

    assert any(run_mixed(seed)[0] for seed in range(MUTANT_SEEDS_MAX))
