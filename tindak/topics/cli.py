"""``tindak topics``: creates and changes the broker's topics and access rules."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.policy.topics import load_topics
from tindak.console import ADMIN, Misuse, read_settings, say, say_json
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout
from tindak.topics.access import allow
from tindak.topics.apply import apply
from tindak.topics.plan import Change
from tindak.topics.rules import NAME, SCRAM_FORMAT, Allow, Revoke
from tindak.waiting import progress

app = typer.Typer(name="topics", help="Topics and access rules on the broker.", no_args_is_help=True)


@app.callback()
def _topics() -> None:
    """Keep `apply` a command of its own; typer would otherwise make the only command the group itself."""


@app.command("apply")
def apply_(
    dry_run: DryRun = False,
    acls: Annotated[bool, typer.Option("--acls", help="Access rules too; the broker needs an authorizer.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--principal-format",
            metavar="FORMAT",
            help=f"How the broker calls a principal; `{SCRAM_FORMAT}` if absent, `User:CN={NAME},O=...` for a client "
            "certificate; may be repeated.",
        ),
    ] = None,
    add_only: Annotated[
        bool, typer.Option("--add-only", help="Leave access rules that are ours and no longer in the catalogue.")
    ] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Create what is missing and change what differs from the catalogue and the registries of agencies and channels."""
    chosen = _checked(formats or [SCRAM_FORMAT])
    if not acls and (formats or add_only):
        raise Misuse("--principal-format and --add-only go with --acls.")
    settings = read_settings(timeout, ADMIN)
    wanted = load_topics(settings.policy_dir)
    found: list[Change | Allow | Revoke] = []
    with progress("Comparing topics with the catalogue", 1 + acls) as advance:
        found += apply(settings.kafka, wanted, dry_run=dry_run)
        advance(1)
        if acls:
            found += allow(settings.kafka, wanted, chosen, add_only=add_only, dry_run=dry_run)
    for change in found:
        if as_json:
            say_json({"action": change.action, **asdict(change)})
        else:
            say(str(change))
    if not as_json:
        say(f"{len(found)} {'to change' if dry_run else 'changed'}." if found else "Everything is as it should be.")


def _checked(formats: list[str]) -> list[str]:
    """Return *formats*; raise Misuse if one would name everybody alike, or nobody."""
    wrong = next((each for each in formats if not each.startswith("User:") or each.count(NAME) != 1), None)
    if wrong is not None:
        raise Misuse(f"--principal-format {wrong} is none: it begins with `User:` and holds `{NAME}` once.")
    return formats
