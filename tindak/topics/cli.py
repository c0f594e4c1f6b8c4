"""``tindak topics``: creates and changes the broker's topics and access rules."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.policy.topics import load_topics
from tindak.console import read_settings, say_json
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout
from tindak.topics.access import Allow, allow
from tindak.topics.apply import apply
from tindak.topics.plan import Change
from tindak.waiting import progress

app = typer.Typer(name="topics", help="Topics and access rules on the broker.", no_args_is_help=True)


@app.callback()
def _topics() -> None:
    """Keep `apply` a command of its own; typer would otherwise make the only command the group itself."""


@app.command("apply")
def apply_(
    dry_run: DryRun = False,
    acls: Annotated[bool, typer.Option("--acls", help="Access rules too; the broker needs an authorizer.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Create what is missing and change what differs from the catalogue and the registries of agencies and channels."""
    settings = read_settings(timeout)
    wanted = load_topics(settings.policy_dir)
    found: list[Change | Allow] = []
    with progress("Comparing topics with the catalogue", 1 + acls) as advance:
        found += apply(settings.kafka, wanted, dry_run=dry_run)
        advance(1)
        if acls:
            found += allow(settings.kafka, wanted, dry_run=dry_run)
    for change in found:
        if as_json:
            say_json({"action": change.action, **asdict(change)})
        else:
            typer.echo(str(change))
    if not as_json:
        typer.echo(
            f"{len(found)} {'to change' if dry_run else 'changed'}." if found else "Everything is as it should be."
        )
