"""``tindak notify``: what became of notices, and what the one on call and officers can do about them."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.notify.tooling import IN_DIGEST, OF_AGENCY, Correspondence, DeliveryRow, Wanted, delivery_rows
from shared.events import ResendNotice, SuppressNotice
from shared.policy.agencies import load_agencies
from tindak.client.kafka import Client
from tindak.console import Failure, Misuse, local, read_settings, say, say_json, wait_for
from tindak.notify import repairs, rows
from tindak.notify.collection import ago, digests_of, rows_of, settings_of_notify, state_of
from tindak.notify.receive import receive_command
from tindak.notify.trial import try_command
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Reply, Timeout, with_reply
from tindak.tickets.lookup import Ticket, find_ticket
from tindak.tickets.updates import TicketArgument, UpdateRequest, known_agency, send

app = typer.Typer(
    name="notify", help="Show what became of notices, send them again, hold them back.", no_args_is_help=True
)
app.command("test")(try_command)
app.command("receive")(receive_command)

SINCE = "24h"
LIMIT = 100
CONTACT = {
    "known": "the reporter's contact is known",
    "none": "there is no contact of the reporter",
    "erased": "the reporter was erased",
    "unreadable": "the reporter's contact cannot be opened",
}

Failed = Annotated[bool, typer.Option("--failed", help="What could not be delivered and is not tried again.")]
Agency = Annotated[str | None, typer.Option(help="Only notices that speak of this agency.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")]
Code = Annotated[str | None, typer.Option("--notice", help="Only this notice of notices.yaml.")]
Delivery = Annotated[str | None, typer.Option("--delivery", metavar="ID", help="Only this delivery, as `list` says.")]
Officer = Annotated[str, typer.Option("--as", metavar="CODE", help="Code of the officer, as in officers.yaml.")]


@app.command("list")
def list_(
    failed: Failed = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="What is not over yet.")] = False,
    suppressed: Annotated[
        bool, typer.Option("--suppressed", help="What was held back for a reason that may change.")
    ] = False,
    agency: Agency = None,
    since: Annotated[str | None, typer.Option(help="30m, 24h or 7d; 24h but with --waiting.")] = None,
    limit: Limit = LIMIT,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """List deliveries that need somebody: of each ticket the last five of 14 days; `show` tells of all."""
    chosen = [name for name, is_asked in _situations(failed, waiting, suppressed) if is_asked]
    if len(chosen) != 1:
        raise Misuse("Say which: --failed, --waiting or --suppressed, one of them.")
    now = datetime.now(UTC)
    spoken = since or (None if waiting else SINCE)
    wanted = Wanted(chosen[0], agency and known_agency(agency), ago(spoken, now) if spoken else None, limit)
    found = wait_for(rows_of(settings_of_notify(timeout), wanted))
    for row in found:
        _print(row, now, as_json=as_json)
    if as_json:
        return
    if not found:
        say(f"No {chosen[0]} deliveries" + (f" since {local(wanted.since)}." if wanted.since else "."))
    elif len(found) == limit:
        say(f"There may be more: --limit is {limit}.", err=True)


@app.command()
def show(ticket: TicketArgument, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """Show all deliveries of a ticket in order, and whether its reporter can be reached; never an address."""
    found, state = wait_for(_known(ticket, timeout))
    contact, told = delivery_rows.contact_state(state), delivery_rows.history(state)
    if as_json:
        say_json(
            {
                "ticket_id": state.ticket_id,
                "tracking_id": state.tracking_id,
                "contact": contact,
                "unlisted": state.unlisted,
                "deliveries": [rows.as_json(row) for row in told],
            }
        )
        return
    posts = {(row.agency, row.role) for row in told if row.agency and row.why == IN_DIGEST}
    digests = wait_for(digests_of(settings_of_notify(timeout), posts)) if posts else []
    say(f"{found.tracking_id}  {CONTACT[contact]}")
    for row in told:
        say(f"  {local(row.planned_at)}  {rows.sentence(row)}{rows.told_in(row, digests)}  [{row.delivery_id}]")
    if state.unlisted:
        say(f"  and {state.unlisted} to the reporter before these")
    if not told:
        say("  nobody has been told of anything")


@app.command()
def digests(agency: Agency = None, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """List what became of the digests of each post that has chosen them: the last thirty, and the one on its way."""
    codes = [known_agency(agency)] if agency else load_agencies(read_settings(timeout).policy_dir).codes
    posts = [(code, role) for code in codes for role in sorted(OF_AGENCY)]
    found = wait_for(digests_of(settings_of_notify(timeout), posts))
    for kept in found:
        if as_json:
            say_json(rows.digests_as_json(kept))
        else:
            for line in rows.digest_lines(kept):
                say(line)
    if not found and not as_json:
        say("Nobody has chosen digests (`digest` in agencies.yaml).")


@app.command()
@with_reply
def resend(
    ticket: Annotated[str | None, typer.Argument(metavar="[TICKET]", help="Tracking id or ticket id.")] = None,
    notice: Code = None,
    delivery: Delivery = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was sent; name a notice or delivery.")] = False,
    failed: Failed = False,
    agency: Agency = None,
    since: Annotated[str, typer.Option(help="With --failed: 30m, 24h or 7d.")] = SINCE,
    limit: Limit = LIMIT,
    officer: Officer = "triage",
    dry_run: DryRun = False,
    *,
    reply: Reply,
) -> None:
    """Ask, as an officer, that notices are sent that failed or were held back: of a ticket, or all that --failed."""
    if failed is (ticket is not None):
        raise Misuse("Say what: a TICKET, or --failed for those of all tickets.")
    if again and notice is None and delivery is None:
        raise Misuse("--again goes with --notice or --delivery: nobody gets all messages of a ticket twice.")
    source = repairs.source_of(officer)
    if ticket is not None:
        _, chosen = _chosen(ticket, notice, delivery, repairs.resendable(again), reply)
        fields: dict[str, Any] = {"notice": notice, "delivery_id": delivery, "reason": reason}
        request = UpdateRequest(ResendNotice, ticket, fields | {"again": again}, {}, or_unheard=True)
        _ask(request, source, chosen, reply, dry_run=dry_run)
        return
    if again or notice or delivery:
        raise Misuse("--failed goes with --agency, --since and --limit, and with none of the options for one ticket.")
    now = datetime.now(UTC)
    wanted = Wanted("failed", agency and known_agency(agency), ago(since, now), limit)
    found = wait_for(rows_of(settings_of_notify(reply.timeout_seconds), wanted))
    for row in found:
        _print(row, now, as_json=reply.as_json)
    if not dry_run:
        work = repairs.publish(found, source, reason, reply.timeout_seconds, wait=reply.wait)
        if refused := wait_for(work):
            why = f"({refused[0].code}): {refused[0].message_id} / {refused[0].message_en}"
            raise Failure(f"Refused, {len(refused)} of {len(found)} {why}")
    if not reply.as_json:
        done = "would be asked for" if dry_run else "asked for; `tindak watch deliveries` shows what comes of it"
        say(f"{len(found)} {'delivery' if len(found) == 1 else 'deliveries'} {done}.")


@app.command()
@with_reply
def suppress(
    ticket: TicketArgument,
    reason: Annotated[str, typer.Option(help="Why.")],
    notice: Code = None,
    delivery: Delivery = None,
    officer: Officer = "triage",
    dry_run: DryRun = False,
    *,
    reply: Reply,
) -> None:
    """Ask, as an officer, that what is not sent yet is not sent; what is on its way at that moment is."""
    source = repairs.source_of(officer)
    _, chosen = _chosen(ticket, notice, delivery, repairs.is_open, reply)
    fields: dict[str, Any] = {"notice": notice, "delivery_id": delivery, "reason": reason}
    _ask(UpdateRequest(SuppressNotice, ticket, fields, {}, or_unheard=True), source, chosen, reply, dry_run=dry_run)


def _situations(failed: bool, waiting: bool, suppressed: bool) -> list[tuple[str, bool]]:
    return [("failed", failed), ("waiting", waiting), ("suppressed", suppressed)]


def _print(row: DeliveryRow, now: datetime, *, as_json: bool) -> None:
    if as_json:
        say_json(rows.as_json(row))
    else:
        say(rows.line(row, now))


async def _known(ticket: str, timeout_seconds: float) -> tuple[Ticket, Correspondence]:
    settings = settings_of_notify(timeout_seconds)
    async with Client(settings.kafka) as client:
        found = await find_ticket(client, ticket, or_unheard=True)
    return found, await state_of(settings, found.whole)


def _chosen(
    ticket: str, notice: str | None, delivery: str | None, fits: repairs.Fits, reply: Reply
) -> tuple[Ticket, list[DeliveryRow]]:
    """Return the deliveries that the request would concern now; raise Failure if there are none."""
    found, state = wait_for(_known(ticket, reply.timeout_seconds))
    part = found.id if found.parent else None
    chosen = [
        row
        for row in delivery_rows.history(state)
        if fits(row)
        and notice in (None, row.notice)
        and delivery in (None, row.delivery_id)
        and part in (None, row.part)
    ]
    if not chosen:
        raise Failure(
            f"No delivery of {found.tracking_id} is as you say; `tindak notify show {found.tracking_id}` shows what"
            " became of each, and --again sends what was sent."
        )
    return found, chosen


def _ask(request: UpdateRequest, source: str, chosen: list[DeliveryRow], reply: Reply, *, dry_run: bool) -> None:
    if not dry_run:
        send(request, lambda _: source, reply)
        return
    for row in chosen:
        _print(row, datetime.now(UTC), as_json=reply.as_json)
    if not reply.as_json:
        say(f"{len(chosen)} {'delivery' if len(chosen) == 1 else 'deliveries'} would be asked for.")
