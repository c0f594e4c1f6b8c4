import asyncio
import csv
import io
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.routing.handlers import RoutingHandler
from shared import topics
from shared.delivery.ports import Record
from shared.events import AssignTicket, Command, DeclineTicket, MergeTicket, TicketRouted
from tests.builders import TICKET, accepted, event, ticket_id
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.unit.routing.samples import CHANNEL, DISHUB, DLH, OFFICER, POLICY
from tindak.console import Failure, Misuse
from tindak.model import corrections_cli
from tindak.model.corrections import COLUMNS, Correction, corrections_on, write
from tindak.model.corrections_cli import corrections_command, day

pytestmark = pytest.mark.unit

LAMP = accepted(
    title="Lampu jalan mati", body="PJU padam.", category="penerangan_jalan",
    location={"text": "Jl. Merpati", "kelurahan": "Serua", "kecamatan": "Ciputat"},
)  # fmt: skip
Asked = tuple[str, Command]


def assign(agency: str) -> Asked:
    return OFFICER, AssignTicket(ticket_id=TICKET, agency=agency, reason="Wewenangnya")


def divide(*agencies: str) -> Asked:
    return OFFICER, AssignTicket(ticket_id=TICKET, agencies=agencies, reason="Dua masalah")


def decline(by: str, suggested: str | None = None) -> Asked:
    return by, DeclineTicket(ticket_id=TICKET, reason="Bukan kami", suggested_agency=suggested)


def records(*asked: Asked) -> list[Record]:
    """Return what lies on the topics after people have asked for this, an hour apart, about a broken lamp."""
    harness = HandlerHarness(RoutingHandler(POLICY))
    harness.publish(topics.ACCEPTED, event(LAMP))
    asyncio.run(harness.work())
    for source, command in asked:
        harness.clock.at += timedelta(hours=1)
        harness.publish(topics.UPDATES, event(command, at=harness.clock.at, source=source))
        asyncio.run(harness.work())
    return [*harness.broker.topic(topics.ACCEPTED), *harness.broker.topic(topics.TICKETS)]


def corrected(*asked: Asked) -> list[tuple[str, str]]:
    return [(found.agency, found.by) for found in corrections_on(records(*asked))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], []),
        ([assign("dlh")], [("dlh", "officer")]),
        ([assign("dlh"), assign("dsdabmbk")], [("dsdabmbk", "officer")]),
        ([decline(DISHUB)], []),
        ([decline(DISHUB, "dlh")], [("dlh", "return")]),
        ([decline(DISHUB, "dlh"), decline(DLH)], []),
        ([decline(DISHUB, "dlh"), decline(DLH), assign("dishub")], [("dishub", "officer")]),
        ([assign("dlh"), decline(DLH)], []),
        ([assign("dlh"), decline(DLH), assign("dlh")], [("dlh", "officer")]),
        ([assign("dlh"), divide("dlh", "dishub")], []),
    ],
)
def test_the_most_recent_decision_of_people_that_nobody_gave_back_is_learned(
    asked: list[Asked], found: list[tuple[str, str]]
) -> None:
    assert corrected(*asked) == found


def test_what_others_ask_for_is_no_correction() -> None:
    assert corrected((CHANNEL, AssignTicket(ticket_id=TICKET, agency="dlh", reason="Saya mau"))) == []


@pytest.mark.parametrize(("asked", "by"), [(assign("dlh"), "officer"), (decline(DISHUB, "dlh"), "return")])
def test_of_those_who_go_together_only_the_leader_teaches(asked: Asked, by: str) -> None:
    harness, leader = HandlerHarness(RoutingHandler(POLICY)), ticket_id("web", "leader")
    source, command = asked
    for topic, told in (
        (topics.ACCEPTED, event(LAMP)),
        (topics.ACCEPTED, event(LAMP.model_copy(update={"ticket_id": leader, "source_id": "leader"}))),
        (topics.UPDATES, event(MergeTicket(ticket_id=TICKET, into=leader), source=OFFICER)),
        (topics.UPDATES, event(command.model_copy(update={"ticket_id": leader}), source=source)),
    ):
        harness.publish(topic, told)
        asyncio.run(harness.work())

    routed = [data.agency for data in harness.data(topics.TICKETS) if isinstance(data, TicketRouted)]
    found = corrections_on([*harness.broker.topic(topics.ACCEPTED), *harness.broker.topic(topics.TICKETS)])
    assert sorted(routed) == ["dishub", "dishub", "dlh", "dlh"]
    assert [(one.complaint.ticket_id, one.agency, one.by) for one in found] == [(leader, "dlh", by)]


def test_corrections_do_not_depend_on_order_or_repetition() -> None:
    told = records(decline(DISHUB, "dlh"), decline(DLH), assign("dsdabmbk"))
    mixed = told * 2
    random.Random(7).shuffle(mixed)

    assert (
        corrections_on(mixed)
        == corrections_on(told)
        == [Correction(LAMP, "dsdabmbk", "officer", NOON + timedelta(hours=3))]
    )


@pytest.mark.parametrize(("hours", "count"), [(1, 1), (2, 1), (3, 0)])
def test_only_corrections_since_then_are_exported(hours: int, count: int) -> None:
    told = records(assign("dlh"), assign("dsdabmbk"))

    assert len(corrections_on(told, NOON + timedelta(hours=hours))) == count


def test_a_history_without_its_complaint_teaches_nothing() -> None:
    told = [record for record in records(assign("dlh")) if record.topic == topics.TICKETS]

    assert corrections_on(told) == []


def test_a_row_holds_text_place_and_agency() -> None:
    out = io.StringIO()

    write(corrections_on(records(assign("dlh"))), out)

    assert list(csv.DictReader(io.StringIO(out.getvalue()))) == [
        {
            "time": "2026-03-02T06:00:00+00:00", "text": "Lampu jalan mati\nPJU padam.", "address": "Jl. Merpati",
            "kelurahan": "Serua", "kecamatan": "Ciputat", "category": "penerangan_jalan", "agency": "dlh",
            "corrected_by": "officer", "ticket_id": TICKET,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (None, None),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T12:00:00+07:00", NOON),
    ],
)
def test_since_is_a_day_or_an_instant(given: str | None, at: datetime | None) -> None:
    assert day(given) == at


def test_anything_else_is_wrong_usage() -> None:
    with pytest.raises(Misuse, match="`yesterday` is no date"):
        day("yesterday")


class Topics:
    """A broker that holds what the records say."""

    def __init__(self, held: list[Record]) -> None:
        self.held = held

    def __call__(self, _: Any) -> "Topics":
        return self

    async def __aenter__(self) -> "Topics":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def read(self, wanted: list[str]) -> list[Record]:
        return [record for record in self.held if record.topic in wanted]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("TINDAK_PROFILE", "local")
    monkeypatch.setattr(corrections_cli, "Client", Topics(records(assign("dlh"))))
    app = typer.Typer()
    app.command()(corrections_command)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_corrections_go_to_standard_output_or_into_a_file(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"

    printed, said = run().stdout, run("--out", file).stdout

    assert printed == file.read_text("utf-8")
    assert printed.startswith(",".join(COLUMNS))
    assert said == f"Corrections in {file}: 1.\n"


def test_an_unwritable_file_is_reported_in_one_sentence(run: Callable[..., Any], tmp_path: Path) -> None:
    result = run("--out", tmp_path / "gone" / "x.csv")

    assert isinstance(result.exception, Failure)
    assert "cannot be written: No such file or directory." in str(result.exception)
