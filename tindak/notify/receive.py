"""``tindak notify receive``: takes what comes back by mail, from a mail server's pipe or an IMAP folder."""

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from services.notify.tooling import MailOutcome, receive_folder, receive_mail
from shared.delivery.guard import Bug, guarded
from shared.policy.faults import PolicyInvalid
from tindak.console import Failure, read_settings, say, say_json, wait_for
from tindak.notify.collection import NOTIFY
from tindak.notify.trial import why_not
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout

if TYPE_CHECKING:
    from shared.process.settings import CommonSettings


def receive_command(
    recipient: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="To which it came, as the mail server knows; else by its headers."),
    ] = None,
    imap: Annotated[bool, typer.Option("--imap", help="All mails of an IMAP folder (TINDAK_NOTIFY_IMAP_...).")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Take a mail that came back, from standard input: a reporter's reply, a bounce, or what a machine answers.

    Exit codes are those of sysexits.h: 0 done with, 65 or 67 refused (why stands on standard error, in Indonesian and
    English), 75 not now: keep it and come again.
    """
    done = guarded(_received, recipient, imap, timeout, as_json)
    if isinstance(done, Bug):
        # Whatever it is, a mail server that is told of it by another code would send the mail back.
        say(f"tindak: a bug: {done.error}", err=True)
    raise typer.Exit(os.EX_TEMPFAIL if isinstance(done, Bug) else done)


def _received(recipient: str | None, imap: bool, timeout_seconds: float, as_json: bool) -> int:
    """Return the exit code."""
    try:
        settings = read_settings(timeout_seconds, NOTIFY)
        if imap:
            return wait_for(_folder(settings, as_json=as_json))
        outcome = wait_for(receive_mail(settings, sys.stdin.buffer, recipient))
    except (Failure, PolicyInvalid) as fault:
        say(f"tindak: {fault}", err=True)
        return os.EX_TEMPFAIL
    except ValueError as fault:
        say(f"tindak: Mail cannot be received now: {why_not(fault)}.", err=True)
        return os.EX_TEMPFAIL
    _print(outcome, as_json=as_json)
    return outcome.status


async def _folder(settings: "CommonSettings", *, as_json: bool) -> int:
    counted: Counter[str] = Counter()
    status = os.EX_OK
    async for received in receive_folder(settings):
        outcome = received.outcome
        counted[outcome.code] += 1
        status = max(status, os.EX_TEMPFAIL if outcome.status == os.EX_TEMPFAIL else os.EX_OK)
        _print(outcome, as_json=as_json, uid=received.uid)
    if not as_json:
        total = ", ".join(f"{count} {code}" for code, count in sorted(counted.items()))
        say(f"{counted.total()} mails" + (f": {total}" if total else ""))
    return status


def _print(outcome: MailOutcome, *, as_json: bool, uid: str | None = None) -> None:
    """Print what became of a mail: never an address, and nothing of what it says."""
    if as_json:
        told = {"uid": uid, "outcome": outcome.code, "status": outcome.status, "ticket_id": outcome.ticket_id}
        say_json({name: value for name, value in told.items() if value is not None})
    elif not outcome.is_refused or uid is not None:
        say(" ".join(part for part in (uid, outcome.code, outcome.ticket_id) if part))
    if outcome.is_refused and uid is None:
        # A mail server sends this back to whoever wrote.
        say(" / ".join(outcome.sentences), err=True)
