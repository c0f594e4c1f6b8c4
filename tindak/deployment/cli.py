"""``tindak deployment``: certificates, passwords and users of servers that let in nobody without a name."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pymongo.errors import PyMongoError

from shared.policy.topics import load_topics
from shared.process.settings import CommonSettings
from tindak.console import ADMIN, Failure, Misuse, no_database, read_settings, say, say_json
from tindak.deployment.certificates import CERTIFICATE
from tindak.deployment.folder import HOLDERS, Plan, fill
from tindak.deployment.users import make_broker_users, make_database_users
from tindak.options import TIMEOUT_SECONDS, Timeout
from tindak.stack.credentials import Credentials, principals_of

app = typer.Typer(name="deployment", help="Certificates, passwords and users of a deployment.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Where they are kept.")]


@app.command()
def make(
    folder: Folder,
    servers: Annotated[list[str], typer.Option("--server", help="Name of a server; may be repeated.")],
    databases: Annotated[list[str], typer.Option("--database", help="Name of a member of the replica set.")],
    hosts: Annotated[
        list[str] | None, typer.Option("--host", help="Further name or address under which servers are reached.")
    ] = None,
    owners: Annotated[
        list[str] | None,
        typer.Option("--owner", metavar="NAME=UID", help="As which user a server, a service or `admin` runs."),
    ] = None,
) -> None:
    """Make certificates and passwords that are missing; those that are there stay."""
    settings = CommonSettings()
    plan = Plan(
        servers=[*servers, *databases],
        databases=databases,
        hosts=hosts or [],
        principals=principals_of(load_topics(settings.policy_dir)),
        owners=dict(_owner(text) for text in owners or []),
        mongo_uri=settings.mongo.uri.get_secret_value(),
        keys={variable: os.environ.get(variable, "") for variable in HOLDERS},
    )
    renewed = fill(folder, plan, datetime.now(UTC))
    say(f"New certificates: {', '.join(renewed) or 'none'}.")


@app.command()
def apply(folder: Folder, timeout: Timeout = TIMEOUT_SECONDS) -> None:
    """Form the replica set and make everybody's user; what is there already stays."""
    credentials = _credentials(folder)
    settings = read_settings(timeout, ADMIN)
    try:
        make_database_users(settings, credentials)
    except PyMongoError as error:
        raise no_database(error) from error
    make_broker_users(settings.kafka, credentials)
    say(f"{len(credentials.broker) - 1} users of the broker, {len(credentials.database)} of the database.")


@app.command()
def show(folder: Folder, principal: Annotated[str, typer.Argument(help="Such as channel-web or agency-dlh.")]) -> None:
    """Print as JSON what a client needs to speak for somebody: name, password, and the authority it must trust."""
    password = _credentials(folder).broker.get(principal)
    if password is None:
        raise Misuse(f"There is no {principal} here.")
    authority = (folder / CERTIFICATE).read_text()
    say_json({
        "security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512",
        "username": principal, "password": password, "authority": authority,
    })  # fmt: skip


def _credentials(folder: Path) -> Credentials:
    found = Credentials.read(folder / ADMIN)
    if found is None:
        raise Failure(f"{folder} holds no credentials; `tindak deployment make` makes them.")
    return found


def _owner(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not name or not number.isdecimal():
        raise Misuse(f"--owner {text} is none: give a name and the number of a user, as intake=10011.")
    return name, int(number)
