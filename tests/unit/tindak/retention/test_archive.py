import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.builders import TICKET, TRACKING, ticket_id
from tindak.console import Failure
from tindak.retention import archive as module
from tindak.retention.archive import Archive
from tindak.tickets import archived

pytestmark = pytest.mark.unit

OTHER = ticket_id("web", "2")


def kept(ticket: str = TICKET, ended_at: str = "2026-03-05T05:00:00Z", **changes: Any) -> dict[str, Any]:
    plain = {
        "ticket_id": ticket, "tracking_id": TRACKING if ticket == TICKET else "OTHR-00000-00", "ended_at": ended_at,
        "archived_at": "2027-09-01T00:00:00Z", "channel": "web", "state": "closed", "agency": "dishub",
        "title": "Lampu",
        "stays": [{"agency": "dishub", "since": "2026-03-02T05:00:00Z", "until": "2026-03-05T05:00:00Z"}],
        "history": [{"version": 1, "at": "2026-03-02T05:00:00Z", "kind": "routed", "agency": "dishub"}], "clocks": [],
        "notices": [],
    }  # fmt: skip
    return plain | changes


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    found = Archive(tmp_path / "archive")
    with found.alone():
        pass
    return found


def test_each_month_has_a_file_and_each_ticket_stands_in_its_own_once(archive: Archive) -> None:
    archive.add([kept(), kept(OTHER, "2026-04-01T00:00:00Z")])
    archive.add([kept(title="Lampu mati")])

    assert [path.name for path in archive.months()] == ["tickets-2026-04.jsonl.zst", "tickets-2026-03.jsonl.zst"]
    assert list(archive.tickets()) == [kept(OTHER, "2026-04-01T00:00:00Z"), kept(title="Lampu mati")]


def test_the_same_tickets_once_more_give_the_same_file(archive: Archive) -> None:
    archive.add([kept(), kept(OTHER)])
    [path] = archive.months()
    before = path.read_bytes()

    archive.add([kept(OTHER)])

    assert path.read_bytes() == before


def test_a_file_is_json_lines_for_every_reader_of_zstd(archive: Archive) -> None:
    program = shutil.which("zstd")
    if program is None:
        pytest.skip("there is no zstd here")
    archive.add([kept(), kept(OTHER)])

    printed = subprocess.run([program, "-dc", archive.months()[0]], check=True, capture_output=True).stdout

    assert sorted(orjson.loads(line)["ticket_id"] for line in printed.splitlines()) == sorted([TICKET, OTHER])


def test_a_ticket_is_found_by_either_id_and_a_part_by_its_own(archive: Archive) -> None:
    part = kept(OTHER, tracking_id=TRACKING, parent=TICKET, part=1)
    archive.add([kept(), part])

    assert [archive.find(id_) for id_ in (TICKET, TRACKING, OTHER, "no id")] == [kept(), kept(), part, None]
    assert Archive(archive.folder / "not there").find(TICKET) is None


def test_an_erased_ticket_and_its_parts_keep_nothing_that_somebody_wrote(archive: Archive) -> None:
    stay = {"agency": "dishub", "since": "2026-03-02T05:00:00Z", "declined_because": "Milik Bu Siti."}
    third = ticket_id("web", "3")
    part = kept(OTHER, "2026-04-01T00:00:00Z", parent=TICKET, part=1, answer="Rumah Bu Siti sudah dicek.")
    archive.add([kept(title="Rumah Bu Siti", stays=[stay]), part, kept(third)])

    assert archive.erase(TICKET) == 2

    assert "Siti" not in orjson.dumps(list(archive.tickets())).decode()
    assert [archive.find(id_) is not None for id_ in (TICKET, OTHER)] == [True, True]
    assert archive.find(third) == kept(third)
    assert archive.erase("no id") == 0


def test_only_the_owner_reads_it(archive: Archive) -> None:
    archive.add([kept()])

    assert stat.S_IMODE(archive.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.months()[0].stat().st_mode) == 0o600


def test_who_dies_while_a_file_is_written_leaves_the_old_one(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add([kept()])

    def dies(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", dies)
        with pytest.raises(KeyboardInterrupt):
            archive.add([kept(OTHER)])

    assert list(archive.tickets()) == [kept()]
    archive.add([kept(OTHER)])
    assert len(list(archive.tickets())) == 2


def test_two_processes_do_not_write_at_once(archive: Archive) -> None:
    with archive.alone(), pytest.raises(Failure, match="Another process"), Archive(archive.folder).alone():
        pass
    with archive.alone():
        pass


def test_a_damaged_file_is_named_in_one_sentence(archive: Archive) -> None:
    archive.add([kept()])
    archive.months()[0].write_bytes(b"no zstd")

    with pytest.raises(Failure, match="damaged"):
        archive.find(TICKET)


def test_people_and_scripts_see_what_is_kept() -> None:
    clock = {"clock": "respond", "round": 1, "due_at": "2026-03-04T05:00:00Z", "breached": True}
    ended = kept(answer="Sudah diganti.", clocks=[clock])

    assert archived.lines(ended) == [
        f"{TRACKING}  Lampu",
        f"  ticket    {TICKET}, from web",
        "  state     closed, since 5 Mar 2026 12:00:00 WIB",
        "  archived  1 Sep 2027 07:00:00 WIB",
        "  with      dishub",
        "  had it    dishub, 3 d",
        "  respond   due 4 Mar 2026 12:00:00 WIB, BREACHED",
        "  answer    Sudah diganti.",
        "",
        "  2 Mar 2026 12:00:00 WIB  routed (agency dishub)",
    ]
    assert archived.summary(ended) == ended | {
        "follows": None, "members": 0, "similar": [], "due": {}, "overdue": [],
        "events": [{"time": "2026-03-02T05:00:00Z", "what": "routed (agency dishub)"}],
    }  # fmt: skip
