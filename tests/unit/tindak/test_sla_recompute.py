from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.sla.recompute import Report
from shared.process import logs
from tindak.cli import main
from tindak.sla import recompute
from tindak.sla.recompute import summary

pytestmark = pytest.mark.unit

REPORT = Report("e1", tickets=3, running=6, later=4, earlier=1, largest_shift_seconds=257400, corrected=2)
REPORT_OF_ALL = Report("e1", tickets=750)


@pytest.mark.parametrize("share", ["0", "1.5", "-1"])
def test_a_share_that_is_no_part_of_the_time_is_wrong_usage(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "recompute", "--share", share]) == 2
    assert "must be over 0 and at most 1" in capsys.readouterr().err


def test_clocks_are_timed_by_no_other_policy_than_that_of_the_services(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "recompute", "--policy", "elsewhere"]) == 1
    assert "look with --dry-run" in capsys.readouterr().err


def test_a_report_says_what_was_changed_and_a_dry_run_what_would_be() -> None:
    assert summary(REPORT, dry_run=False).splitlines() == [
        "tickets: 3, running clocks: 6, timed by edition e1",
        "  due later: 4, due earlier: 1, by up to 2 d 23 h; running again: 0",
        "  breaches corrected: 2, new: 0, escalated: 0",
    ]
    assert "would be timed" in summary(REPORT, dry_run=True)


def test_a_report_of_clocks_that_keep_their_due_times_names_no_shift() -> None:
    unmoved = summary(Report("e1", tickets=1_000_000, running=1), dry_run=False)

    assert "due later: 0, due earlier: 0; running again: 0" in unmoved
    assert unmoved.startswith("tickets: 1,000,000, ")


def test_each_batch_advances_the_progress_by_its_tickets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[int] = []

    @contextmanager
    def progress(what: str) -> Iterator[Callable[[int], None]]:
        yield shown.append

    async def two_batches(*given: Any, dry_run: bool) -> Report:
        tell = given[-1]
        tell(Report("e1", tickets=500))
        tell(REPORT_OF_ALL)
        return REPORT_OF_ALL

    monkeypatch.setenv("TINDAK_PROFILE", "local")
    monkeypatch.setattr(logs, "configure", lambda service, level: None)
    monkeypatch.setattr(recompute, "progress", progress)
    monkeypatch.setattr(recompute, "recompute_all", two_batches)

    assert main(["sla", "recompute"]) == 0

    assert shown == [500, 250]
    assert capsys.readouterr().out.startswith("tickets: 750, ")
