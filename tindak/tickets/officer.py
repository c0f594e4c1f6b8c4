"""``tindak officer``: publishes what a triage officer decides about a ticket."""

from typing import Annotated, Any

import typer

from shared import events
from tindak.console import Misuse
from tindak.options import Reply, with_reply
from tindak.tickets import similar
from tindak.tickets.updates import TicketArgument, UpdateRequest, known_agency, known_officer, send

app = typer.Typer(name="officer", help="Publish what a triage officer decides.", no_args_is_help=True)

NUMBERS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")  # no id is as short

Officer = Annotated[str, typer.Option("--as", metavar="CODE", help="Code of the officer, as in officers.yaml.")]
Why = Annotated[str, typer.Option(help="Why.")]


@app.command()
@with_reply
def assign(
    ticket: TicketArgument,
    agency: Annotated[list[str], typer.Option(help="Code of the agency that is responsible; several divide it.")],
    reason: Why,
    officer: Officer = "triage",
    *,
    reply: Reply,
) -> None:
    """Decide the agency, or divide the ticket among several."""
    codes = [known_agency(code) for code in agency]
    chosen: dict[str, Any] = {"agency": codes[0]} if len(codes) == 1 else {"agencies": codes}
    fields = chosen | {"reason": reason}
    _as_officer(officer, UpdateRequest(events.AssignTicket, ticket, fields, {}), reply)


@app.command()
@with_reply
def reclassify(
    ticket: TicketArgument,
    classification: Annotated[events.Classification, typer.Option(help="What kind of report it is.")],
    reason: Why,
    category: Annotated[str | None, typer.Option(help="Code or LAPOR! name.")] = None,
    officer: Officer = "triage",
    ordinary: Annotated[bool, typer.Option("--ordinary", help="It was taken for sensitive by mistake.")] = False,
    *,
    reply: Reply,
) -> None:
    """Correct what kind of report it is; its clocks are recomputed."""
    fields: dict[str, Any] = {"classification": classification, "category": category, "reason": reason}
    fields |= {"ordinary": True} if ordinary else {}
    _as_officer(officer, UpdateRequest(events.ReclassifyTicket, ticket, fields, {}), reply)


@app.command()
@with_reply
def archive(
    ticket: TicketArgument,
    reason: Annotated[events.ArchiveReason, typer.Option(help="Why it is put away.")],
    officer: Officer = "triage",
    *,
    reply: Reply,
) -> None:
    """Put it away without an answer."""
    _as_officer(officer, UpdateRequest(events.ArchiveTicket, ticket, {"reason": reason}, {}), reply)


@app.command()
@with_reply
def merge(
    ticket: TicketArgument,
    into: Annotated[
        str | None, typer.Option(metavar="TICKET", help="The ticket that leads both, or its number in --show.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="List the most similar open reports, and ask nothing.")] = False,
    officer: Officer = "triage",
    *,
    reply: Reply,
) -> None:
    """Follow it together with another ticket about the same matter."""
    if show:
        similar.show(ticket, reply)
        return
    if into is None:
        raise Misuse("--into is missing: a tracking id, a ticket id or a number that --show lists.")
    if into in NUMBERS:
        into = similar.numbered(ticket, int(into), reply.timeout_seconds)
    _as_officer(officer, UpdateRequest(events.MergeTicket, ticket, {}, {"into": into}), reply)


@app.command()
@with_reply
def unmerge(ticket: TicketArgument, officer: Officer = "triage", *, reply: Reply) -> None:
    """Follow it by itself again."""
    _as_officer(officer, UpdateRequest(events.UnmergeTicket, ticket, {}, {}), reply)


def _as_officer(officer: str, request: UpdateRequest, reply: Reply) -> None:
    send(request, lambda _: f"/officers/{known_officer(officer)}", reply)
