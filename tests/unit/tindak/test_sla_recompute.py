import pytest

from services.sla.recompute import Report
from tindak.cli import main
from tindak.sla.recompute import told

pytestmark = pytest.mark.unit

REPORT = Report("e1", tickets=3, running=6, later=4, earlier=1, largest_shift_seconds=86400, corrected=2)


@pytest.mark.parametrize("share", ["0", "1.5", "-1"])
def test_a_share_that_is_no_part_of_the_time_is_wrong_usage(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "recompute", "--share", share]) == 2
    assert "must be over 0 and at most 1" in capsys.readouterr().err


def test_clocks_are_timed_by_no_other_policy_than_that_of_the_services(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "recompute", "--policy", "elsewhere"]) == 1
    assert "look with --dry-run" in capsys.readouterr().err


def test_a_report_says_what_was_changed_and_a_dry_run_what_would_be() -> None:
    assert told(REPORT, dry_run=False).splitlines() == [
        "3 tickets with 6 running clocks were timed by edition e1:",
        "  4 clocks due later, 1 earlier, by up to 86400 s; 0 go on",
        "  2 breaches corrected, 0 breached, 0 escalated",
    ]
    assert "would be timed" in told(REPORT, dry_run=True)
