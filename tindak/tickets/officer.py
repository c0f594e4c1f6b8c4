"""``tindak officer``: what a triage officer decides about a ticket."""

from typing import Annotated, Any

import typer

from shared import events
from tindak.tickets.updates import (
    TIMEOUT_SECONDS,
    AsJson,
    Asked,
    Reply,
    TicketArgument,
    TimeoutSeconds,
    Wait,
    ask,
    known_agency,
)

app = typer.Typer(name="officer", help="Publish what a triage officer decides.", no_args_is_help=True)

Officer = Annotated[str, typer.Option("--as", metavar="ID", help="Id of the officer.")]
Why = Annotated[str, typer.Option(help="Why.")]


@app.command()
def assign(
    ticket: TicketArgument,
    agency: Annotated[list[str], typer.Option(help="Code of the agency that is responsible; several divide it.")],
    reason: Why,
    officer: Officer = "triage",
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Decide the agency, or divide the ticket among several."""
    codes = [known_agency(code) for code in agency]
    chosen: dict[str, Any] = {"agency": codes[0]} if len(codes) == 1 else {"agencies": codes}
    fields = chosen | {"reason": reason}
    _as_officer(officer, Asked(events.AssignTicket, ticket, fields, {}), Reply(wait, timeout_seconds, as_json))


@app.command()
def reclassify(
    ticket: TicketArgument,
    classification: Annotated[events.Classification, typer.Option(help="What kind of report it is.")],
    reason: Why,
    category: Annotated[str | None, typer.Option(help="Code or LAPOR! name.")] = None,
    officer: Officer = "triage",
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Correct what kind of report it is; its clocks are recomputed."""
    fields = {"classification": classification, "category": category, "reason": reason}
    _as_officer(officer, Asked(events.ReclassifyTicket, ticket, fields, {}), Reply(wait, timeout_seconds, as_json))


@app.command()
def archive(
    ticket: TicketArgument,
    reason: Annotated[events.ArchiveReason, typer.Option(help="Why it is put away.")],
    officer: Officer = "triage",
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Put it away without an answer."""
    _as_officer(
        officer, Asked(events.ArchiveTicket, ticket, {"reason": reason}, {}), Reply(wait, timeout_seconds, as_json)
    )


@app.command()
def merge(
    ticket: TicketArgument,
    into: Annotated[str, typer.Option(metavar="TICKET", help="The ticket that both are followed under.")],
    officer: Officer = "triage",
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Follow it together with another ticket about the same matter."""
    _as_officer(officer, Asked(events.MergeTicket, ticket, {}, {"into": into}), Reply(wait, timeout_seconds, as_json))


@app.command()
def unmerge(
    ticket: TicketArgument, officer: Officer = "triage", wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Follow it by itself again."""
    _as_officer(officer, Asked(events.UnmergeTicket, ticket, {}, {}), Reply(wait, timeout_seconds, as_json))


def _as_officer(officer: str, asked: Asked, reply: Reply) -> None:
    ask(asked, lambda _: f"/officers/{officer}", reply)
