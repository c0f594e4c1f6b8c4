"""``tindak documents``: lists, shows and heals what a service has quarantined; safe to repeat."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from shared.adapters.mongo.client import collection
from shared.adapters.mongo.quarantine import Quarantine, QuarantinedDocument
from shared.delivery.documents.document import QuarantineReason
from shared.delivery.ports import PermanentError, TransientError
from shared.process.release import RELEASE
from shared.process.settings import CommonSettings
from tindak.console import Failure, Misuse, local, no_database, read_settings, say, say_json, wait_for
from tindak.ops.dead_letters import DeadLetter, by_document
from tindak.ops.dlq import Service, publish, read_letters
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout

T = TypeVar("T")

app = typer.Typer(
    name="documents", help="List, show and heal documents that a service has set aside.", no_args_is_help=True
)

# Names whose texts are codes and ids of ours, and say nothing of a person.
SHOWN = frozenset({"_id", "id", "kind", "by", "t", "topic"})
MARK = "aside"

ServiceArgument = Annotated[Service, typer.Argument(metavar="SERVICE", help="Whose documents.")]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that is quarantined, and the dead letters that wait for it, in the order in which they came.

    ``is_back`` says that it is not quarantined any more, and only its letters wait.
    """

    document: QuarantinedDocument
    letters: Sequence[DeadLetter]
    is_back: bool = False

    @property
    def is_newer(self) -> bool:
        """Whether only a newer release than this one can work with it."""
        return self.document.reason == QuarantineReason.NEWER and not self.is_back

    def summary(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "id": self.document.id,
            "reason": self.document.reason,
            "error": self.document.error,
            "since": self.document.since and self.document.since.isoformat(),
            "release": self.document.release,
            "dead_letters": len(self.letters),
        }

    def line(self) -> str:
        """Return it on one line: since when, which, why, and what waits for it."""
        since = local(self.document.since) if self.document.since else "-"
        about = f"{self.document.reason}: {self.document.error}"
        return f"{since}  {self.document.id}  {about}; {len(self.letters)} dead letters wait"


@app.command(name="list")
def list_(service: ServiceArgument, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """List them: which, why, since when, and how many dead letters wait; never what they hold."""
    found = wait_for(_waiting(read_settings(timeout, database_user=service), service))
    for each in found:
        if as_json:
            say_json(each.summary())
        else:
            say(each.line())
    if not found and not as_json:
        say(f"No documents of {service} are set aside.")


@app.command()
def show(
    service: ServiceArgument,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Ticket id, as `list` prints it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Show texts, too; they may hold identities.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show one as it is stored, as JSON; it may hold identities, so texts and bytes are masked unless --raw."""
    stored = wait_for(_stored(read_settings(timeout, database_user=service), service, id_))
    if stored is None:
        raise Failure(f"{service} has no document {id_}; `tindak documents list {service}` shows what is set aside.")
    shown = plain(stored) if raw else masked(stored)
    if as_json:
        say_json(shown)
    else:
        say_json(shown, indent=1)


@app.command()
def retry(
    service: ServiceArgument,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ticket ids, as `list` prints them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    dry_run: DryRun = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Take the mark off and replay what waits, in its order; what still cannot be read is set aside again."""
    if bool(ids) == everything:
        raise Misuse("Say which: one or more IDs, or --all.")
    found = wait_for(_waiting(read_settings(timeout, database_user=service), service))
    picked = found if everything else _chosen(found, service, ids or ())
    healable = [each for each in picked if not each.is_newer]
    if not everything and len(healable) < len(picked):
        newer = next(each.document for each in picked if each.is_newer)
        raise Failure(f"{newer.id} was written by release {newer.release}, this is {RELEASE}: update, then retry.")
    if not dry_run:
        wait_for(_retry(read_settings(timeout, database_user=service), service, healable))
    for each in healable:
        if as_json:
            say_json({"id": each.document.id, "replayed": len(each.letters), "retried": not dry_run})
        elif dry_run:
            say(each.line())
    if not as_json:
        letters = sum(len(each.letters) for each in healable)
        verb = "would be retried" if dry_run else "retried"
        say(f"{len(healable)} of {len(found)} documents of {service} {verb}, with {letters} dead letters.")


async def _waiting(settings: CommonSettings, service: str) -> list[Waiting]:
    """Return what is in quarantine, longest first; then what no longer is, but has dead letters not replayed."""
    letters = by_document(await read_letters(settings.kafka, service))
    marked = await _asked(settings, service, Quarantine.listed)
    known = {document.id for document in marked}
    back = [
        Waiting(
            QuarantinedDocument(id_, waiting[0].reason, "not set aside any more", None, None), waiting, is_back=True
        )
        for id_, waiting in letters.items()
        if id_ not in known
    ]
    return [*(Waiting(document, letters.get(document.id, ())) for document in marked), *back]


async def _stored(settings: CommonSettings, service: str, id_: str) -> dict[str, Any] | None:
    return await _asked(settings, service, lambda documents: documents.stored(id_))


async def _retry(settings: CommonSettings, service: str, healable: Sequence[Waiting]) -> None:
    # The mark first: what is replayed before it is off would only come back.
    ids = [each.document.id for each in healable]
    await _asked(settings, service, lambda documents: documents.release(ids))
    await publish(settings.kafka, [letter.replay() for each in healable for letter in each.letters])


async def _asked(settings: CommonSettings, service: str, question: Callable[[Quarantine], Awaitable[T]]) -> T:
    """Return what a service's collection answers; raise Failure if it cannot be asked."""
    documents = collection(settings.mongo, service)
    try:
        return await question(Quarantine(documents))
    except (TransientError, PermanentError) as error:
        raise no_database(error) from error
    finally:
        documents.database.client.close()


def _chosen(found: Sequence[Waiting], service: str, ids: Sequence[str]) -> list[Waiting]:
    by_id = {each.document.id: each for each in found}
    missing = next((id_ for id_ in ids if id_ not in by_id), None)
    if missing is not None:
        raise Failure(
            f"{service} has not set {missing} aside; `tindak documents list {service}` shows what is set aside."
        )
    return [by_id[id_] for id_ in dict.fromkeys(ids)]


def masked(value: Any, name: str = "") -> Any:
    """Return *value* as JSON that shows its structure: a text or bytes only as how long it is."""
    match value:
        case Mapping() if name == MARK:
            return plain(value)
        case Mapping():
            return {str(key): masked(item, str(key)) for key, item in value.items()}
        case list():
            return [masked(item, name) for item in value]
        case str() if name not in SHOWN:
            return f"text of {len(value)} characters"
        case bytes():
            return f"{len(value)} bytes"
        case _:
            return plain(value)


def plain(value: Any) -> Any:
    """Return *value* as JSON with everything in it."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case datetime():
            return value.isoformat()
        case bytes():
            return value.decode(errors="backslashreplace")
        case _:
            return value
