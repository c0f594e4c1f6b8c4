import asyncio
import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shared import topics
from shared.events import AssignTicket, DeclineTicket, Event
from shared.policy.loading import version_of
from tests.builders import TICKET, accepted, event
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.fakes.model import WordModel
from tindak.cli import app_for
from tindak.console import Failure
from tindak.policy.backtest import TRIAGE, Tally, Verdict, decide, tallies, verdicts
from tindak.policy.dry_run import DryRun
from tindak.policy.labelled_reports import LabelledReport, reports_on

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"
HEADER = ("text", "agency", "kecamatan")
LAMP, ROAD, VAGUE = "Lampu jalan mati", "Jalan berlubang besar", "Kenapa begini terus min"
LINES = (
    (LAMP, "Dinas Perhubungan", "Ciputat"),
    (LAMP, "dlh", "Ciputat"),
    (ROAD, "DSDABMBK", ""),
    (VAGUE, "dinkes", ""),
    ("Lampu jalan mati, KTP saya belum jadi", "disdukcapil", "Setu"),
    ("test", "dishub", ""),
    (ROAD, "", ""),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "labelled.csv", HEADER, LINES)


def written(path: Path, header: Sequence[str], lines: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *lines])
    return path


def run(*arguments: object) -> Result:
    typed = ["policy", *map(str, arguments)]
    return CliRunner().invoke(app_for(typed), typed)


def backtest(*arguments: object) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("backtest", "--policy", SHIPPED, "--json", *arguments).stdout)
    return told


def test_each_report_is_right_offered_unsure_wrong_refused_or_unknown(file: Path) -> None:
    told = backtest(file)

    assert {name: told[name] for name in ("rows", *(verdict.value for verdict in Verdict))} == {
        "rows": 7, "right": 2, "offered": 1, "unsure": 1, "wrong": 1, "refused": 1, "unknown": 1,
    }  # fmt: skip
    assert told["policy_version"] == version_of(SHIPPED)
    assert told["decided_by"] == {"rule": 4}


def test_each_agency_s_gains_and_losses_are_counted(file: Path) -> None:
    by_code = {tally["agency"]: tally for tally in backtest(file)["agencies"]}

    def tally(agency: str, *figures: int) -> dict[str, Any]:
        names = ("had", "gets", "right", "gains", "loses", "asks")
        return {"agency": agency} | dict(zip(names, figures, strict=True))

    assert by_code["dishub"] == tally("dishub", 2, 2, 1, 1, 0, 0)
    assert by_code["dlh"] == tally("dlh", 1, 0, 0, 0, 1, 0)
    assert by_code["disdukcapil"] == tally("disdukcapil", 1, 0, 0, 0, 0, 1)
    assert by_code["dsdabmbk"] == tally("dsdabmbk", 1, 1, 1, 0, 0, 0)


def test_people_read_counts_and_a_table(file: Path) -> None:
    lines = run("backtest", "--policy", SHIPPED, file).stdout.splitlines()

    assert lines[0].startswith(f"Policy {version_of(SHIPPED)} over 7 reports: right 2 (28.6%), offered 1 ")
    assert lines[1] == "Decided by: rule 4."
    assert lines[2].split() == ["agency", "had", "gets", "right", "gains", "loses", "asks"]
    assert ["dishub", "2", "2", "1", "1", "0", "0"] in [line.split() for line in lines]


async def test_a_model_on_trial_decides_what_the_rules_leave_open() -> None:
    past = [LabelledReport(accepted(title="Min", body="gelap sekali"), "dishub")]

    without = await decide(DryRun.of(SHIPPED), past)
    with_model = await decide(DryRun.of(SHIPPED, WordModel()), past)

    assert [one.agency for one in (*without, *with_model)] == [TRIAGE, "dishub"]
    assert verdicts(with_model)["right"] == 1
    assert tallies(with_model) == [Tally("dishub", 1, 1, 1, 0, 0, 0)]


def test_columns_go_by_the_names_of_lapor_or_by_those_that_are_given(tmp_path: Path) -> None:
    lapor = written(tmp_path / "a.csv", ("Judul Laporan", "Isi Laporan", "Instansi"), [("Lapor", LAMP, "Dishub")])
    own = written(tmp_path / "b.csv", ("keluhan", "dinas"), [(LAMP, "Dishub")])

    assert backtest(lapor)["right"] == backtest(own, "--text", "keluhan", "--agency", "Dinas")["right"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("pesan,dinas\nx,y\n", "known to hold the text; it has: pesan, dinas. Name it: --text COL."),
        ("", "is empty."),
        ("text\nx\n", "known to hold the agency; it has: text. Name it: --agency COL."),
    ],
)
def test_an_unusable_file_is_reported_in_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "labelled.csv"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))

    result = run("backtest", "--policy", SHIPPED, file)

    assert isinstance(result.exception, Failure)
    assert said in str(result.exception)


@pytest.mark.parametrize("arguments", [(), ("labelled.csv", "--from-topics")])
def test_one_source_must_be_named(arguments: tuple[str, ...]) -> None:
    result = run("backtest", "--policy", SHIPPED, *arguments)

    assert result.exit_code == 2
    assert "Give either a file or --from-topics" in result.stderr


def on_topics(*events: tuple[str, Event]) -> list[LabelledReport]:
    harness = HandlerHarness(None)
    for topic, told in events:
        harness.publish(topic, told)
    harness.write(topics.TICKETS, b"garbage")
    return reports_on([record for log in harness.broker.logs.values() for record in log])


def test_tickets_of_the_topics_are_labelled_with_their_last_agency() -> None:
    complaint = accepted()

    past = on_topics((topics.ACCEPTED, event(complaint)), *routed(complaint))

    assert past == [LabelledReport(complaint, "dlh")]


def test_a_ticket_without_agency_or_report_is_no_labelled_report() -> None:
    complaint = accepted()

    assert on_topics((topics.ACCEPTED, event(complaint))) == [LabelledReport(complaint, None)]
    assert on_topics(*routed(complaint)) == []


def routed(complaint: Any) -> list[tuple[str, Event]]:
    """Return what routing says of a complaint that its first agency declines and that an officer gives to another."""
    dry_run = DryRun.of(SHIPPED).routing
    harness = HandlerHarness(dry_run)
    harness.publish(topics.ACCEPTED, event(complaint))
    commands = (
        event(DeclineTicket(ticket_id=TICKET, reason="Bukan kami"), source="/agencies/dsdabmbk", at=NOON),
        event(AssignTicket(ticket_id=TICKET, agency="dlh", reason="Taman"), source="/officers/triage", at=NOON),
    )
    for command in commands:
        harness.publish(topics.UPDATES, command)
    asyncio.run(harness.work())
    return [(topics.TICKETS, said) for said in harness.published(topics.TICKETS)]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return the shipped policy with another agency for lamps."""
    policy = shutil.copytree(SHIPPED, tmp_path / "policy")
    text = (policy / "routing.yaml").read_text("utf-8")
    before, found, after = text.partition("- id: kw-street-light\n")
    assert found
    (policy / "routing.yaml").write_text(before + found + after.replace("agency: dishub", "agency: dlh", 1), "utf-8")
    return policy


def test_two_policies_are_compared_on_the_reports_that_they_decide_differently(file: Path, other: Path) -> None:
    told = json.loads(run("diff", SHIPPED, other, "--file", file, "--json").stdout)

    assert told["changes"] == [
        {"file": "routing.yaml", "where": "rules kw-street-light agency", "what": "was `dishub`, is `dlh`"}
    ]
    assert (told["rows"], told["different"], told["better"], told["worse"]) == (7, 2, 1, 1)
    assert told["moves"] == [{"from": "dishub", "to": "dlh", "reports": 2}]
    assert told["examples"][0] == {"from": "dishub", "to": "dlh", "had": "dishub", "text": LAMP}


def test_people_read_what_changed_and_what_it_changes(file: Path, other: Path) -> None:
    lines = run("diff", SHIPPED, other, "--file", file).stdout.splitlines()

    assert lines[:3] == [
        "routing.yaml, rules kw-street-light agency: was `dishub`, is `dlh`.",
        "2 of 7 reports would be decided differently: 1 better, 1 worse than now for those whose agency is known.",
        "       2  dishub -> dlh",
    ]


def test_a_policy_does_not_differ_from_itself() -> None:
    assert run("diff", SHIPPED, SHIPPED).stdout == "The two policies are the same.\n"
