"""Asks notify's collection what became of deliveries; changes nothing there."""

import re
from collections.abc import Awaitable, Collection
from datetime import datetime, timedelta
from typing import TypeVar

from services.notify.tooling import (
    Correspondence,
    DeliveryRow,
    Digests,
    Wanted,
    find_deliveries,
    find_digests,
    known_of,
)
from shared.delivery.ports import PermanentError, TransientError
from shared.process.settings import CommonSettings
from tindak.console import Failure, Misuse, no_database, read_settings

T = TypeVar("T")

NOTIFY = "notify"
AGO = re.compile(r"(\d{1,4})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def ago(text: str, now: datetime) -> datetime:
    """Return the instant that lies so long back as ``30m``, ``24h`` or ``7d`` says; raise Misuse for another text."""
    found = AGO.fullmatch(text)
    if found is None:
        raise Misuse(f"--since is not valid: `{text}`; say 30m, 24h or 7d.")
    return now - int(found[1]) * UNITS[found[2]]


def settings_of_notify(timeout_seconds: float) -> CommonSettings:
    """Return the settings with notify's own user of the database, as `tindak documents` takes it."""
    return read_settings(timeout_seconds, database_user=NOTIFY)


async def rows_of(settings: CommonSettings, wanted: Wanted) -> list[DeliveryRow]:
    """Return deliveries of all tickets; raise Failure if the database cannot be asked."""
    return await _answered(find_deliveries(settings.mongo, wanted))


async def digests_of(settings: CommonSettings, posts: Collection[tuple[str, str]]) -> list[Digests]:
    """Return what is kept of the digests of posts, each an agency and a role; raise Failure as `rows_of` does."""
    return await _answered(find_digests(settings.mongo, posts))


async def state_of(settings: CommonSettings, ticket_id: str) -> Correspondence:
    """Return what notify knows of a ticket; raise Failure if that is nothing it can read."""
    state = await _answered(known_of(settings.mongo, ticket_id))
    if state is None:
        raise Failure(
            f"Notify has no document of {ticket_id} that can be read; `tindak documents list notify` shows what is set"
            " aside."
        )
    return state


async def _answered(question: Awaitable[T]) -> T:
    try:
        return await question
    except (TransientError, PermanentError) as error:
        raise no_database(error) from error
