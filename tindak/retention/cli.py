"""``tindak retention``: carries out what policy/retention.yaml says; safe to repeat."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer

from shared.delivery.ports import TransientError
from shared.policy.identities import load_identities
from shared.policy.retention import load_retention
from shared.policy.topics import load_topics
from shared.process.settings import CommonSettings
from tindak.client.kafka import Client
from tindak.console import ADMIN, Failure, Misuse, read_settings, say, say_json, wait_for
from tindak.formatting import counted
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout
from tindak.retention.archive import Archive, Settings
from tindak.retention.expiry import expire
from tindak.retention.leaving import Leaving, Stores, archive, candidates, months_of
from tindak.retention.purge import cut, cuts
from tindak.tickets.lookup import spelled

app = typer.Typer(name="retention", help="Let go of what is kept, as the policy says.", no_args_is_help=True)

UNABLE = (
    "This broker cannot cut records out of a topic (the embedded one cannot, Apache Kafka can):"
    " what outsiders wrote stays there until the topic drops it."
)

WAITING = "Of these wait, until notify has forgotten their contact (does it run?) or they change no more: {waiting}."


@dataclass(slots=True)
class Applied:
    """What has left, or would: tickets by the month of their end, documents by service, records by topic.

    ``waiting`` of the tickets could not leave yet: notify has not forgotten their contacts, or they changed meanwhile.
    """

    archived: Mapping[str, int] = field(default_factory=dict)
    expired: Mapping[str, int] = field(default_factory=dict)
    cut: Mapping[str, int] = field(default_factory=dict)
    broker_can_cut: bool = True
    waiting: int = 0
    dry_run: bool = False


@app.command()
def apply(
    dry_run: DryRun = False,
    at: Annotated[
        datetime | None,
        typer.Option("--at", help="As if it were that instant, UTC; in the local profile only, for a trial."),
    ] = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Archive ended tickets, drop what has expired, cut what outsiders wrote; once a day, one at a time.

    A ticket stands in the archive (TINDAK_ARCHIVE_DIR) before it leaves a collection. Services may run meanwhile.
    """
    settings = read_settings(timeout, ADMIN)
    if at is not None and settings.profile != "local":
        raise Misuse("--at is for a trial: set TINDAK_PROFILE=local, or leave it out.")
    now = at.replace(tzinfo=at.tzinfo or UTC) if at else datetime.now(UTC)
    done = wait_for(_apply(settings, Archive(Settings().archive_dir), now, dry_run=dry_run))
    if as_json:
        say_json(asdict(done))
    else:
        say("\n".join(_lines(done)))


@app.command()
def erase(
    ticket: Annotated[str, typer.Argument(metavar="ID", help="Tracking id in any spelling, or ticket id.")],
) -> None:
    """Take out of the archive what somebody wrote of a ticket: its reporter asks to be forgotten.

    The archive holds no identity; title and answer go, too. `tindak reporter erase` is for tickets that are not there.
    """
    folder = Archive(Settings().archive_dir)
    with folder.alone():
        kept = folder.find(spelled(ticket))
        erased = folder.erase(str(kept.get("parent") or kept["ticket_id"])) if kept else 0
    if not kept:
        raise Failure(
            f"The archive holds no ticket {ticket}; `tindak reporter erase` is for one that is not there yet."
        )
    say(f"{counted(erased, 'ticket')} of the archive without texts now.")


async def _apply(settings: CommonSettings, folder: Archive, now: datetime, *, dry_run: bool) -> Applied:
    try:
        if dry_run:
            return await applied(settings, folder, now, dry_run=True)
        with folder.alone():
            return await applied(settings, folder, now, dry_run=False)
    except TransientError as error:
        raise Failure(f"A server does not answer; repeat it later. {error}") from error


async def applied(settings: CommonSettings, folder: Archive, now: datetime, *, dry_run: bool) -> Applied:
    """Let go of what the policy keeps no longer at *now*; return what that was.

    Raises:
        Failure: A server or the archive refuses.
        PolicyInvalid: The policy is broken.
        TransientError: A server does not answer; what has been done by then stands.
    """
    retention, names = load_retention(settings.policy_dir), [each.name for each in load_topics(settings.policy_dir)]
    done = Applied(dry_run=dry_run)
    stores = Stores(settings.mongo)
    try:
        leaving = await candidates(stores, retention, now)
        done.archived = months_of(leaving)
        if not dry_run:
            async with Client(settings.kafka) as client:
                by = Leaving(stores, client, retention, now, settings.kafka.request_timeout_ms / 1000)
                left = await archive(by, leaving, folder, load_identities(settings.policy_dir))
            done.waiting = len(leaving) - left
    finally:
        stores.close()
    done.expired = await expire(settings.mongo, retention, now, dry_run=dry_run)
    wanted = await cuts(settings.kafka, names, now - retention.outsiders)
    done.cut = {topic: sum(one.records for one in wanted if one.topic == topic) for topic in {w.topic for w in wanted}}
    if wanted and not dry_run:
        done.broker_can_cut = await cut(settings.kafka, wanted)
    return done


def _lines(done: Applied) -> list[str]:
    verb = "would be " if done.dry_run else ""
    months = ", ".join(f"{month}: {count}" for month, count in done.archived.items())
    services = ", ".join(f"{service}: {count}" for service, count in done.expired.items() if count)
    topics = ", ".join(f"{topic}: {count}" for topic, count in sorted(done.cut.items()))
    archived, expired, cut_ = (sum(each.values()) for each in (done.archived, done.expired, done.cut))
    return [
        f"{counted(archived, 'ticket')} {verb}archived{f' ({months})' if months else ''}.",
        *([WAITING.format(waiting=done.waiting)] if done.waiting else []),
        f"{counted(expired, 'document')} {verb}dropped{f' ({services})' if services else ''}.",
        f"{counted(cut_, 'record')} {verb}cut{f' ({topics})' if topics else ''}." if done.broker_can_cut else UNABLE,
    ]
