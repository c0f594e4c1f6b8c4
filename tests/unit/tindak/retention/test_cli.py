from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import TRACKING
from tests.unit.tindak.retention.test_archive import OTHER, kept
from tindak.cli import main
from tindak.retention import cli
from tindak.retention.archive import Archive

pytestmark = pytest.mark.unit


@dataclass
class Settings:
    """Those of a cluster, which nothing but its profile is asked of."""

    profile: str = "cluster"


def test_another_time_than_now_is_for_trials_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "read_settings", lambda *_: Settings())

    assert main(["retention", "apply", "--at", "2027-09-20T00:00:00"]) == 2

    assert "--at is for a trial" in capsys.readouterr().err


def test_what_has_left_is_said_in_a_line_each() -> None:
    done = cli.Applied(
        {"2026-03": 2, "2026-04": 1}, {"intake": 4, "sla": 0}, {"complaints.submitted.web": 7}, waiting=1
    )

    assert cli._lines(done) == [
        "3 tickets archived (2026-03: 2, 2026-04: 1).",
        "Of these wait, until notify has forgotten their contact (does it run?) or they change no more: 1.",
        "4 documents dropped (intake: 4).",
        "7 records cut (complaints.submitted.web: 7).",
    ]
    done.broker_can_cut = False
    assert cli._lines(done)[-1] == cli.UNABLE
    assert cli._lines(cli.Applied(dry_run=True)) == [
        "0 tickets would be archived.", "0 documents would be dropped.", "0 records would be cut.",
    ]  # fmt: skip


def test_whoever_asks_to_be_forgotten_is_forgotten_in_the_archive_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_ARCHIVE_DIR", str(tmp_path))
    Archive(tmp_path).add([kept(title="Rumah Bu Siti")])

    assert main(["retention", "erase", TRACKING.lower()]) == 0
    assert capsys.readouterr().out == "1 ticket of the archive without texts now.\n"
    assert "title" not in next(Archive(tmp_path).tickets())
    assert main(["retention", "erase", OTHER]) == 1
    assert "The archive holds no ticket" in capsys.readouterr().err
