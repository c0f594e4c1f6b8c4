"""``tindak topics``: the broker's topics and access rules from the command line; never deletes one."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from shared.agencies import load_agencies
from shared.policy import PolicyInvalid
from shared.settings import CommonSettings
from shared.topics import catalogue
from tindak.topics.access import Allow, allow
from tindak.topics.apply import apply
from tindak.topics.connection import BrokerRefused
from tindak.topics.plan import Change

app = typer.Typer(name="topics", help="Topics and access rules on the broker.", no_args_is_help=True)


@app.callback()
def _topics() -> None:
    """Keep `apply` a command of its own; typer would otherwise make the only command the group itself."""


@app.command("apply")
def apply_(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    acls: Annotated[bool, typer.Option("--acls", help="Access rules too; the broker needs an authorizer.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per change.")] = False,
) -> None:
    """Create what is missing and change what differs from the catalogue and the agency directory."""
    try:
        settings = CommonSettings()
        wanted = catalogue(load_agencies(settings.policy_dir).codes)
        found: list[Change | Allow] = [*apply(settings.kafka, wanted, dry_run=dry_run)]
        if acls:
            found += allow(settings.kafka, wanted, dry_run=dry_run)
    except (BrokerRefused, PolicyInvalid, ValueError, OSError) as error:
        typer.echo(f"tindak: {error}", err=True)
        raise typer.Exit(1) from error
    for change in found:
        typer.echo(json.dumps({"action": change.action, **asdict(change)}) if as_json else str(change))
    if not as_json:
        typer.echo(
            f"{len(found)} {'to change' if dry_run else 'changed'}." if found else "Everything is as it should be."
        )
