"""``tindak agency``: publishes what an agency does with a ticket."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from shared import events
from tindak.console import Misuse
from tindak.options import Reply, with_reply
from tindak.tickets.updates import TicketArgument, UpdateRequest, known_agency, send

app = typer.Typer(name="agency", help="Publish what an agency does with a ticket.", no_args_is_help=True)

Note = Annotated[str | None, typer.Option(help="For the reporter, in a few words.")]


@app.callback()
def agency(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="AGENCY", help="Code of the agency, as in agencies.yaml.")],
) -> None:
    """Publish what an agency does with a ticket."""
    context.obj = known_agency(code)


@app.command()
@with_reply
def ack(context: typer.Context, ticket: TicketArgument, note: Note = None, *, reply: Reply) -> None:
    """Say that the agency has seen it."""
    _as_agency(context, events.AcknowledgeTicket, ticket, {"note": note}, reply)


@app.command()
@with_reply
def progress(
    context: typer.Context,
    ticket: TicketArgument,
    note: Annotated[str, typer.Option(help="How far it is.")],
    *,
    reply: Reply,
) -> None:
    """Tell how far it is."""
    _as_agency(context, events.ProgressTicket, ticket, {"note": note}, reply)


@app.command()
@with_reply
def answer(
    context: typer.Context,
    ticket: TicketArgument,
    text: Annotated[str, typer.Option(help="The answer.")],
    final: Annotated[bool, typer.Option("--final/--interim", help="Whether the matter is done with it.")] = True,
    *,
    reply: Reply,
) -> None:
    """Answer the reporter."""
    fields = {"answer": text, "final": final}
    _as_agency(context, events.AnswerTicket, ticket, fields, reply)


@app.command()
@with_reply
def decline(
    context: typer.Context,
    ticket: TicketArgument,
    reason: Annotated[str, typer.Option(help="Why the agency is not responsible.")],
    suggest: Annotated[str | None, typer.Option(help="Code of the agency that is.")] = None,
    *,
    reply: Reply,
) -> None:
    """Say that the agency is not responsible (bukan wewenang)."""
    fields = {"reason": reason, "suggested_agency": suggest and known_agency(suggest)}
    _as_agency(context, events.DeclineTicket, ticket, fields, reply)


@app.command()
@with_reply
def hold(
    context: typer.Context,
    ticket: TicketArgument,
    reason: Annotated[events.HoldReason, typer.Option(help="What it waits for.")],
    question: Annotated[str | None, typer.Option(help="What the reporter is asked.")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339 with zone, like 2026-03-02T12:00:00+07:00.")] = None,
    *,
    reply: Reply,
) -> None:
    """Let it wait (tunda)."""
    fields = {"reason": reason, "question": question, "until": until and _later(until)}
    _as_agency(context, events.HoldTicket, ticket, fields, reply)


@app.command()
@with_reply
def resume(context: typer.Context, ticket: TicketArgument, note: Note = None, *, reply: Reply) -> None:
    """Go on with it."""
    _as_agency(context, events.ResumeTicket, ticket, {"note": note}, reply)


def _as_agency(
    context: typer.Context, kind: type[events.Command], ticket: str, fields: dict[str, Any], reply: Reply
) -> None:
    source = f"/agencies/{context.obj}"
    send(UpdateRequest(kind, ticket, fields, {}), lambda _: source, reply)


def _later(text: str) -> datetime:
    """Return the instant, aware, UTC; raise Misuse if *text* is none, has no zone, or is over."""
    at = _instant(text)
    if at <= datetime.now(UTC):
        raise Misuse(f"--until {text} is over; name a moment to come.")
    return at


def _instant(text: str) -> datetime:
    """Return the instant, aware, UTC; raise Misuse if *text* is none or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Misuse(f"`{text}` is not an instant with its zone, like 2026-03-02T12:00:00+07:00.")
    return at.astimezone(UTC)
