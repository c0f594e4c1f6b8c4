"""``tindak reporter``: what a reporter says about the own report, passed on as its channel would."""

from typing import Annotated

import typer

from shared.events import ConfirmTicket, DisputeTicket, ReplyToTicket, WithdrawTicket
from tindak.tickets.updates import TIMEOUT_SECONDS, AsJson, Asked, Reply, TicketArgument, TimeoutSeconds, Wait, ask

app = typer.Typer(
    name="reporter", help="Publish what the reporter says, as the report's channel.", no_args_is_help=True
)


@app.command()
def reply(
    ticket: TicketArgument,
    text: Annotated[str, typer.Option(help="What the reporter writes.")],
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Write to the agency; a ticket that waits for the reporter goes on."""
    _as_channel(Asked(ReplyToTicket, ticket, {"text": text}, {}), Reply(wait, timeout_seconds, as_json))


@app.command()
def confirm(
    ticket: TicketArgument,
    rating: Annotated[int | None, typer.Option(min=1, max=5, help="1 to 5.")] = None,
    comment: Annotated[str | None, typer.Option(help="In a few words.")] = None,
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Be content with the answer; the ticket is closed."""
    fields = {"rating": rating, "comment": comment}
    _as_channel(Asked(ConfirmTicket, ticket, fields, {}), Reply(wait, timeout_seconds, as_json))


@app.command()
def dispute(
    ticket: TicketArgument,
    reason: Annotated[str, typer.Option(help="Why the answer does not do.")],
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Not be content; the ticket is opened again within the window."""
    _as_channel(Asked(DisputeTicket, ticket, {"reason": reason}, {}), Reply(wait, timeout_seconds, as_json))


@app.command()
def withdraw(
    ticket: TicketArgument,
    wait: Wait = False,
    timeout_seconds: TimeoutSeconds = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Take the report back."""
    _as_channel(Asked(WithdrawTicket, ticket, {}, {}), Reply(wait, timeout_seconds, as_json))


def _as_channel(asked: Asked, reply: Reply) -> None:
    ask(asked, lambda ticket: f"/channels/{ticket.channel}", reply)
