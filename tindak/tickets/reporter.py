"""``tindak reporter``: publishes what a reporter says, as their channel would, and what an officer does for them."""

from typing import Annotated

import typer

from shared.events import ConfirmTicket, DisputeTicket, EraseReporter, ReplyToTicket, WithdrawTicket
from tindak.options import Reply, with_reply
from tindak.tickets.updates import TicketArgument, UpdateRequest, known_officer, send

app = typer.Typer(
    name="reporter",
    help="Publish what the reporter says, as the report's channel; tell, correct or erase what is held of them.",
    no_args_is_help=True,
)

Occasion = Annotated[str, typer.Option("--reason", help="On what occasion, for whoever asks later.")]
Officer = Annotated[
    str, typer.Option("--officer", metavar="CODE", help="Code of an officer with `privacy: true` in officers.yaml.")
]


@app.command()
@with_reply
def reply(
    ticket: TicketArgument,
    text: Annotated[str, typer.Option(help="What the reporter writes.")],
    *,
    reply: Reply,
) -> None:
    """Write to the agency; a ticket that waits for the reporter goes on."""
    _as_channel(UpdateRequest(ReplyToTicket, ticket, {"text": text}, {}), reply)


@app.command()
@with_reply
def confirm(
    ticket: TicketArgument,
    rating: Annotated[int | None, typer.Option(min=1, max=5, help="1 to 5.")] = None,
    comment: Annotated[str | None, typer.Option(help="In a few words.")] = None,
    *,
    reply: Reply,
) -> None:
    """Be content with the answer; the ticket is closed."""
    fields = {"rating": rating, "comment": comment}
    _as_channel(UpdateRequest(ConfirmTicket, ticket, fields, {}), reply)


@app.command()
@with_reply
def dispute(
    ticket: TicketArgument,
    reason: Annotated[str, typer.Option(help="Why the answer does not do.")],
    *,
    reply: Reply,
) -> None:
    """Not be content; the ticket is opened again within the window."""
    _as_channel(UpdateRequest(DisputeTicket, ticket, {"reason": reason}, {}), reply)


@app.command()
@with_reply
def withdraw(
    ticket: TicketArgument,
    *,
    reply: Reply,
) -> None:
    """Take the report back."""
    _as_channel(UpdateRequest(WithdrawTicket, ticket, {}, {}), reply)


@app.command()
@with_reply
def erase(ticket: TicketArgument, reason: Occasion, officer: Officer = "privacy", *, reply: Reply) -> None:
    """Forget the reporter for good: contact, texts, and whatever else could name them; the ticket goes on."""
    request = UpdateRequest(EraseReporter, ticket, {"reason": reason}, {})
    send(request, lambda _: f"/officers/{known_officer(officer)}", reply)


def _as_channel(request: UpdateRequest, reply: Reply) -> None:
    send(request, lambda ticket: f"/channels/{ticket.channel}", reply)
