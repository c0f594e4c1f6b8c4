"""Masks what people write in an update, before anything follows from it and before it is stored."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.routing.domain.lifecycle.commands import Request, Update
from shared import events
from shared.events.commands import written_fields
from shared.identities.masker import Masker
from shared.values import replace


def masked(update: Update, masker: Masker) -> Update:
    """Return an update whose command names nobody.

    Masked is every text that people write, whatever the command. A file is left out if its link holds an identity, for
    masked it would lead nowhere; so is an optional code that looks like one. What a reporter wrote to the agency goes
    along as it was, for that agency's key alone.
    """
    changes = dict(_changes(update.command, masker))
    if not changes:
        return update
    covered = update.command.model_copy(update=changes)
    return replace(update, command=covered, written=_lost(update.command, changes))


def _lost(command: Request, changes: Mapping[str, Any]) -> str | None:
    """Return what a reporter wrote to an agency, if *changes* have covered some of it."""
    match command:
        case events.ReplyToTicket(text=text):
            return text if "text" in changes else None
        case events.DisputeTicket(reason=reason):
            return reason if "reason" in changes else None
        case _:
            return None


def _changes(command: Request, masker: Masker) -> Iterator[tuple[str, Any]]:
    for field in written_fields(type(command)):
        text: str | None = getattr(command, field.name)
        covered = text and masker.mask(text)
        if covered is not None and covered != text:
            yield field.name, None if field.is_code else covered[: field.length_max]
    files: tuple[events.Attachment, ...] = getattr(command, "attachments", ())
    kept = tuple(file for file in files if not masker.finds_in_link(f"{file.uri} {file.media_type}"))
    if len(kept) < len(files):
        yield "attachments", kept
