"""The entry point ``tindak``: which command is where, and how a failure is said; never what a command does."""

import asyncio
import logging
import sys
from collections.abc import Sequence

import typer

from shared.policy.loading import PolicyInvalid
from shared.process.logs import QUIET
from tindak.audit.command import audit_command
from tindak.console import Failure
from tindak.demo import demo
from tindak.model.cli import app as routing
from tindak.ops import dlq, documents
from tindak.ops.run import run
from tindak.ops.watch import watch
from tindak.policy.cli import app as policy
from tindak.sla.cli import app as sla
from tindak.stack import StackError
from tindak.stack.cli import app as stack
from tindak.tickets import agency, officer, reporter
from tindak.tickets.submit import submit
from tindak.tickets.track import track
from tindak.topics.cli import app as topics

INTERRUPTED = 130  # 128 + SIGINT, as shells say it

app = typer.Typer(
    name="tindak",
    help="Tindak: every report routed, timed and answered.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(run)
app.command()(submit)
app.command()(track)
app.command()(watch)
app.command(name="audit")(audit_command)
for group in (stack, topics, policy, routing, sla, agency.app, officer.app, reporter.app, dlq.app, documents.app):
    app.add_typer(group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 wrong usage.

    Args:
        arguments: Without the program's name; None: this process's own.
    """
    for name in QUIET:
        # A broker that does not answer is told in one sentence, not once more by each library.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return int(app(args=arguments, prog_name="tindak", standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _misused(error)
    except (Failure, StackError, PolicyInvalid) as error:
        typer.echo(f"tindak: {error}", err=True)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; without this Python complains once more while it exits.
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115  # open to the end of the process
        return 0


def _misused(error: typer.TyperException) -> int:
    """Say in one line what was asked wrongly and return the exit code; a group without a command has shown its help."""
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    if message:
        context = getattr(error, "ctx", None)
        more = f" `{context.command_path} --help` shows how." if context else ""
        typer.echo(f"tindak: {message if message.endswith(('.', '?')) else message + '.'}{more}", err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
