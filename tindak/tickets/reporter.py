"""``tindak reporter``: publishes what a reporter says, as their channel would, and what an officer does for them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from shared.events import (
    ConfirmTicket,
    DisputeTicket,
    EraseReporter,
    Locale,
    MessageScope,
    ReplyToTicket,
    Reporter,
    ResumeMessages,
    StopMessages,
    WithdrawTicket,
)
from shared.mail_addresses import is_usable
from tindak.console import Misuse
from tindak.options import TIMEOUT_SECONDS, Reply, Timeout, with_reply
from tindak.tickets import privacy
from tindak.tickets.updates import TicketArgument, UpdateRequest, send

app = typer.Typer(
    name="reporter",
    help="Publish what the reporter says, as the report's channel; tell, correct or erase what is held of them.",
    no_args_is_help=True,
)

Occasion = Annotated[str, typer.Option("--reason", help="On what occasion, for whoever asks later.")]
Officer = Annotated[
    str, typer.Option("--officer", metavar="CODE", help="Code of an officer with `privacy: true` in officers.yaml.")
]

EveryTicket = Annotated[bool, typer.Option("--all", help="Of every report whose messages come to the same address.")]


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


@app.command("stop")
@with_reply
def stop_messages(
    ticket: TicketArgument,
    *,
    everything: EveryTicket = False,
    reply: Reply,
) -> None:
    """Want no more messages about the report; urgent ones are still sent."""
    _as_channel(UpdateRequest(StopMessages, ticket, {"scope": _scope(everything)}, {}), reply)


@app.command("resume")
@with_reply
def resume_messages(
    ticket: TicketArgument,
    *,
    everything: EveryTicket = False,
    reply: Reply,
) -> None:
    """Want messages about the report again."""
    _as_channel(UpdateRequest(ResumeMessages, ticket, {"scope": _scope(everything)}, {}), reply)


def _scope(everything: bool) -> MessageScope:
    return MessageScope.ADDRESS if everything else MessageScope.TICKET


@app.command()
def export(
    ticket: TicketArgument, reason: Occasion, officer: Officer = "privacy", timeout: Timeout = TIMEOUT_SECONDS
) -> None:
    """Print as JSON what is held of the reporter: contact, notices, report and history.

    Contact and notices come from notify, sealed for this one answer; report and history are those of the topics.
    """
    privacy.export(ticket, reason, officer, timeout)


@app.command()
@with_reply
def correct(
    ticket: TicketArgument,
    reason: Occasion,
    name: Annotated[str | None, typer.Option(help="Name.")] = None,
    phone: Annotated[str | None, typer.Option(help="Telephone.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    national_id: Annotated[str | None, typer.Option(help="NIK.")] = None,
    locale: Annotated[Locale | None, typer.Option(help="Language.")] = None,
    preferred_channel: Annotated[str | None, typer.Option(help="Channel on which they want to be told.")] = None,
    officer: Officer = "privacy",
    *,
    reply: Reply,
) -> None:
    """Replace the reporter's contact as a whole: what is not given is not held any more.

    It is sealed here with TINDAK_CONTACT_PUBLIC_KEYS; `export` prints the present one, to be given again as it holds.
    Always waits for the answer.
    """
    given = {
        "name": name, "phone": phone, "email": email, "national_id": national_id, "locale": locale,
        "preferred_channel": preferred_channel,
    }  # fmt: skip
    privacy.correct(ticket, reason, officer, reporter_of(given), replace(reply, wait=True))


@app.command()
@with_reply
def erase(ticket: TicketArgument, reason: Occasion, officer: Officer = "privacy", *, reply: Reply) -> None:
    """Forget the reporter for good: contact, texts, and whatever else could name them; the ticket goes on.

    Always waits for the answer: nobody should have to guess whether somebody is forgotten.
    """
    source = privacy.source_of(officer)
    request = UpdateRequest(EraseReporter, ticket, {"reason": reason}, {}, or_unheard=True)
    send(request, lambda _: source, replace(reply, wait=True))


def reporter_of(given: Mapping[str, Any]) -> Reporter:
    """Return who reports; raise Misuse with the first thing that is wrong, or if nothing says who it is."""
    try:
        reporter = Reporter.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise Misuse(f"--{str(fault['loc'][0]).replace('_', '-')} is not valid: {fault['msg']}.") from error
    if not reporter.is_somebody:
        raise Misuse("Give --name, --phone, --email or --national-id; `tindak reporter erase` takes all of it away.")
    if reporter.email and not is_usable(reporter.email):
        raise Misuse("--email is no e-mail address.")
    return reporter


def _as_channel(request: UpdateRequest, reply: Reply) -> None:
    send(request, lambda ticket: f"/channels/{ticket.channel}", reply)
