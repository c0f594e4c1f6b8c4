"""Publishes updates to tickets for ``tindak agency``, ``officer`` and ``reporter``, and prints routing's answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from services.routing.tooling import OFFICERS_FILE, load_officer_codes
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import Command, Event, UpdateRefused
from shared.policy.agencies import load_agencies
from shared.policy.loading import PolicyInvalid, unknown
from shared.senders import refusals_topic, sender_of
from tindak.client.answers import caused_by, first, first_of
from tindak.client.envelopes import update
from tindak.client.kafka import Client, Start
from tindak.console import Failure, Misuse, read_settings, say, say_json, wait_for
from tindak.formatting import sentence
from tindak.options import Reply
from tindak.tickets.lookup import Ticket, find_ticket

TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="Tracking id in any spelling, or ticket id.")]
UNANSWERED = "is routing running (`tindak run routing`)?"


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """A command about a ticket, as it was typed.

    Args:
        kind: Which command.
        ticket: As it was typed.
        fields: Fields of the command; None means absent.
        tickets: Fields that name other tickets, as they were typed.
        or_unheard: Whether a ticket id does of which the broker holds no complaint any more.
    """

    kind: type[Command]
    ticket: str
    fields: Mapping[str, Any]
    tickets: Mapping[str, str]
    or_unheard: bool = False


def send(request: UpdateRequest, source_of: Callable[[Ticket], str], reply: Reply) -> None:
    """Publish an update in the name of ``source_of(ticket)``, and print what became of it.

    Raises:
        Failure: Routing refuses it.
    """
    wait_for(_send(request, source_of, reply))


async def _send(request: UpdateRequest, source_of: Callable[[Ticket], str], reply: Reply) -> None:
    async with Client(read_settings(reply.timeout_seconds).kafka) as reader:
        ticket = await find_ticket(reader, request.ticket, or_unheard=request.or_unheard)
        others = {name: (await find_ticket(reader, other)).id for name, other in request.tickets.items()}
        given = {name: value for name, value in request.fields.items() if value is not None}
        command = _command_of(request.kind, given | others | {"ticket_id": ticket.id})
        source = source_of(ticket)
        event = update(command, source, datetime.now(UTC))
        answer = await _published(event, source, reader, reply)
    print_answer(ticket, event.id, answer, as_json=reply.as_json)


async def _published(event: Outgoing, source: str, reader: Client, reply: Reply) -> Event | None:
    """Publish as the sender, and return the answer if it is waited for.

    It stands in the history, which *reader* reads, or, where a stranger is refused, on the sender's own topic alone.
    """
    sender = sender_of(source)
    assert sender is not None, source  # noqa: S101  # commands write as agency, officer or channel only
    async with Client(read_settings(reply.timeout_seconds, sender.principal).kafka) as writer:
        if not reply.wait:
            await writer.publish([event])
            return None
        async with (
            reader.follow([topics.TICKETS], Start.LATEST) as history,
            writer.follow([refusals_topic(sender)], Start.LATEST) as own,
        ):
            await writer.publish([event])
            return await first_of(
                first(history, caused_by(event.id), reply.timeout_seconds, UNANSWERED),
                first(own, _refused(event.id), reply.timeout_seconds, UNANSWERED),
            )


def _refused(update_id: str) -> Callable[[Event], Event | None]:
    return lambda event: event if event.cause_id == update_id and isinstance(event.data, UpdateRefused) else None


def _command_of(kind: type[Command], fields: Mapping[str, Any]) -> Command:
    """Return the command; raise Misuse with the first thing that is wrong with its fields."""
    try:
        return kind.model_validate(dict(fields))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise Misuse(f"--{field.replace('_', '-')} is not valid: {fault['msg']}.") from error


def print_answer(ticket: Ticket, update_id: str, answer: Event | None, *, as_json: bool) -> None:
    """Print that the update was published and, if it was waited for, the answer; raise Failure if that is a refusal.

    What changes nothing is as the sender wants it already, so that asking again is no failure.
    """
    if as_json:
        said = None if answer is None else {"type": answer.type, **answer.data.model_dump(mode="json")}
        say_json({"ticket_id": ticket.id, "tracking_id": ticket.tracking_id, "update_id": update_id, "answer": said})
    if answer is not None and isinstance(answer.data, UpdateRefused):
        both = f"{answer.data.message_id} / {answer.data.message_en}"
        if answer.data.code != UpdateRefused.UNCHANGED:
            raise Failure(f"Refused ({answer.data.code}): {both}")
        if not as_json:
            say(f"{ticket.tracking_id}: {both}")
    elif not as_json:
        seen = f"published; `tindak track {ticket.tracking_id}` shows what comes of it"
        say(f"{ticket.tracking_id}: {seen if answer is None else sentence(answer.data)}")


def known_officer(code: str) -> str:
    """Return *code*; raise Misuse if the policy at hand knows no such officer, see `known_agency`."""
    try:
        codes = load_officer_codes(read_settings().policy_dir)
    except PolicyInvalid:
        return code
    if code not in codes:
        raise Misuse(unknown("officer", code, codes, OFFICERS_FILE))
    return code


def known_agency(code: str) -> str:
    """Return *code*; raise Misuse if the policy at hand knows no such agency.

    Without a policy at hand every code passes, and routing decides.
    """
    try:
        directory = load_agencies(read_settings().policy_dir)
    except PolicyInvalid:
        return code
    if directory.get(code) is None:
        raise Misuse(unknown("agency", code, directory.codes, "agencies.yaml"))
    return code
