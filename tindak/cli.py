"""The entry point ``tindak``: which command is where, and how a failure is reported."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import typer

from shared.policy.faults import PolicyInvalid
from shared.process.release import RELEASE
from tindak.console import Failure, say

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class Command(NamedTuple):
    """Where a command or a group of them is, and the line about it in ``tindak --help``."""

    module: str
    attribute: str
    help: str


class Group(NamedTuple):
    """Commands in modules of their own, of which only the one that is called is imported."""

    commands: Mapping[str, Command]
    help: str


POLICY = {
    "check": Command("policy.check", "check_command", "Validate every file as the services do."),
    "explain": Command("policy.explain", "explain_command", "Show which agency a report would go to, and why."),
    "mask": Command("policy.mask", "mask_command", "Show a text as the services would publish it."),
    "backtest": Command("policy.backtest_cli", "backtest_command", "Run a policy over labelled reports."),
    "diff": Command("policy.backtest_cli", "diff_command", "Show what differs between two policies."),
}
ROUTING = {
    "train": Command("model.cli", "train", "Learn the agencies of reports from a labelled file."),
    "evaluate": Command("model.cli", "evaluate", "Measure a model on a labelled file."),
    "corrections": Command("model.corrections_cli", "corrections_command", "Write officers' assignments."),
    "retrain": Command(
        "model.corrections_cli",
        "retrain_command",
        "Learn from corrections, too; replace the model only if that is no worse.",
    ),
}
NOTICES = {
    "preview": Command("notices.cli", "preview_command", "Show a notice with sample values, and how long it is."),
}
SLA = {
    "add": Command("sla.count", "add_command", "Show when an amount of time that begins at an instant is used up."),
    "subtract": Command("sla.count", "subtract_command", "Show from when on an amount of working time passes."),
    "between": Command("sla.count", "between_command", "Show how much working time lies between two instants."),
    "explain": Command("sla.explain", "explain_command", "Show why clocks are due when they are."),
    "report": Command("sla.report", "report_command", "Show by agency and clock what was met, late and breached."),
    "recompute": Command("sla.recompute", "recompute", "Time all running clocks anew."),
}
COMMANDS: Mapping[str, Command | Group] = {
    "demo": Command("demo", "demo", "Set up a local stack and the four services, and show what they do."),
    "run": Command("ops.run", "run", "Run services until SIGTERM or Ctrl-C."),
    "submit": Command("tickets.submit", "submit", "Publish complaints: one from options, or any number from a file."),
    "track": Command("tickets.track", "track", "Show where a report is, who has it, until when, and what happened."),
    "watch": Command("ops.watch", "watch", "Follow a stream until Ctrl-C."),
    "audit": Command("audit.command", "app", "Check that nothing is lost and nothing doubled."),
    "stack": Command("stack.cli", "app", "Start, stop and show the local servers: Kafka and MongoDB."),
    "deployment": Command("deployment.cli", "app", "Certificates, passwords and users of a deployment."),
    "topics": Command("topics.cli", "app", "Topics and access rules on the broker."),
    "keys": Command("keys.cli", "app", "Keys that seal reporters' identities."),
    "policy": Group(POLICY, "The city's policy."),
    "notices": Group(NOTICES, "The texts of the notices."),
    "routing": Group(ROUTING, "The text model of routing."),
    "sla": Group(SLA, "Working time and clocks."),
    "agency": Command("tickets.agency", "app", "Publish what an agency does with a ticket."),
    "officer": Command("tickets.officer", "app", "Publish what a triage officer decides."),
    "notify": Command("notify.cli", "app", "Show what became of notices, send them again, hold them back."),
    "reporter": Command("tickets.reporter", "app", "Publish what the reporter says, as the report's channel."),
    "retention": Command("retention.cli", "app", "Let go of what is kept, as the policy says."),
    "privacy": Command("retention.privacy", "app", "What is held of whom, and for how long."),
    "dlq": Command("ops.dlq", "app", "List, show, replay and drop what services could not handle."),
    "documents": Command("ops.documents", "app", "List, show and heal documents that a service has set aside."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 wrong usage.

    Args:
        arguments: Without the program's name; None: this process's own.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return int(app_for(given)(args=given, prog_name="tindak", standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _misused(error)
    except (Failure, PolicyInvalid) as error:
        say(f"tindak: {error}", err=True)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; without this Python complains once more while it exits.
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115  # open to the end of the process
        return 0


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the whole program, of which only what *arguments* may name is imported."""
    app = typer.Typer(
        name="tindak",
        help="Tindak: every report routed, timed and answered.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_program)
    _fill(app, COMMANDS, arguments)
    return app


def _fill(app: typer.Typer, commands: Mapping[str, Command | Group], arguments: Sequence[str]) -> None:
    for name, command in commands.items():
        if name not in arguments:
            app.command(name=name, help=command.help)(_not_imported)
        elif isinstance(command, Group):
            group = typer.Typer(no_args_is_help=True)
            _fill(group, command.commands, arguments)
            app.add_typer(group, name=name, help=command.help)
        else:
            found = getattr(importlib.import_module(f"tindak.{command.module}"), command.attribute)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name, help=command.help)
            else:
                app.command(name=name)(found)
            _silence_libraries()


def _not_imported() -> None:
    """Stand for a command that the arguments do not name."""


def _print_version(asked: bool) -> None:
    if asked:
        say(f"tindak {RELEASE}")
        raise typer.Exit


def _program(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the release.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options of the program itself."""


def _silence_libraries() -> None:
    """Let a broker that does not answer be told in one sentence, not once more by each library."""
    import logging

    from shared.process.logs import QUIET

    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _misused(error: typer.TyperException) -> int:
    """Say in one line what was asked wrongly and return the exit code; a group without a command has shown its help."""
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    if message:
        context = getattr(error, "ctx", None)
        more = f" `{context.command_path} --help` shows how." if context else ""
        say(f"tindak: {message if message.endswith(('.', '?')) else message + '.'}{more}", err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
