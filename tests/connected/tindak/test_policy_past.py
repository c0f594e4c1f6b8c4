"""Policies run over the tickets that lie on the topics."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events.envelope import encode
from tests.builders import NOON, TICKET, TRACKING, accepted, event
from tests.servers.addresses import Namespace
from tindak.cli import main
from tindak.client.kafka import Client

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies]

SHIPPED = Path(__file__).parents[3] / "policy"
ASSIGNED = e.TicketRouted(
    ticket_id=TICKET, tracking_id=TRACKING, state="routed", version=1, at=NOON, agency="dlh",
    agency_name="Dinas Lingkungan Hidup", classification=e.Classification.COMPLAINT, hop=1,
    decided_by=e.DecidedBy.OFFICER, explanation=(), accepted_at=NOON, submitted_at=NOON,
)  # fmt: skip


@pytest.fixture(autouse=True)
def a_lamp_that_an_officer_gave_to_another_agency(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (namespace.environment | {"TINDAK_POLICY_DIR": str(SHIPPED)}).items():
        monkeypatch.setenv(name, value)
    lamp = accepted(title="Lampu jalan mati", body="PJU padam sejak seminggu.")
    told = ((topics.ACCEPTED, event(lamp)), (topics.TICKETS, event(ASSIGNED)))

    async def publish() -> None:
        async with Client(namespace.kafka) as client:
            await client.publish([Outgoing(said.id, topic, TICKET, encode(said)) for topic, said in told])

    asyncio.run(publish())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    return told


def test_a_policy_is_run_over_the_tickets_of_the_topics(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "policy", "backtest", "--from-topics")

    assert (told["rows"], told["wrong"], told["decided_by"]) == (1, 1, {"rule": 1})
    assert {tally["agency"]: (tally["gains"], tally["loses"]) for tally in told["agencies"]} == {
        "dishub": (1, 0),
        "dlh": (0, 1),
    }


def test_two_policies_are_compared_on_the_tickets_of_the_topics(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = shutil.copytree(SHIPPED, tmp_path / "policy")
    text = (other / "routing.yaml").read_text("utf-8")
    (other / "routing.yaml").write_text(text.replace("agency: dishub", "agency: dlh"), "utf-8")

    told = run(capsys, "policy", "diff", str(SHIPPED), str(other), "--from-topics")

    assert (told["rows"], told["different"], told["better"], told["worse"]) == (1, 1, 1, 0)
    assert told["moves"] == [{"from": "dishub", "to": "dlh", "reports": 1}]
