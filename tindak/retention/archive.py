"""The archive of ended tickets: a file for each month, JSON lines packed with zstd."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import cramjam
import orjson
from pydantic_settings import BaseSettings, SettingsConfigDict

from tindak.console import Failure

Kept: TypeAlias = Mapping[str, Any]

NAME = "tickets-{month}.jsonl.zst"
LOCK = ".lock"
TEXTS = frozenset({"title", "answer", "category", "declined_because"})
LEVEL = 12  # packs as well as the highest levels, in a tenth of their time


class Settings(BaseSettings):
    """Where the archive lies: ``TINDAK_ARCHIVE_DIR``, a folder that is backed up."""

    model_config = SettingsConfigDict(env_prefix="TINDAK_", frozen=True, extra="ignore")

    archive_dir: Path = Path("archive")


class Archive:
    """The files of all months in one folder, which is made when it is first written.

    A ticket belongs to the month of its ``ended_at`` in UTC and stands there once.

    Raises:
        Failure: From every method: a file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out every other process that would write; raise Failure if there is one."""
        with self._failures():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"Another process is writing the archive in {self.folder}; wait until it has ended."
            ) from None
        else:
            yield
        finally:
            os.close(lock)

    def add(self, tickets: Iterable[Kept]) -> None:
        """Write *tickets*, each in the place of what is there of it; they are on the disk on return.

        A month's file is replaced whole, so that whoever dies leaves the old one or the new one. The same tickets once
        more give the same file.
        """
        by_month: dict[str, dict[str, Kept]] = {}
        for ticket in tickets:
            by_month.setdefault(str(ticket["ended_at"])[:7], {})[str(ticket["ticket_id"])] = ticket
        with self._failures():
            for month, added in sorted(by_month.items()):
                path = self.folder / NAME.format(month=month)
                there = {str(ticket["ticket_id"]): ticket for ticket in _read(path)} if path.exists() else {}
                _replace(path, (there | added).values())

    def months(self) -> list[Path]:
        """Return the files, the latest month first."""
        return sorted(self.folder.glob(NAME.format(month="*")), reverse=True)

    def tickets(self) -> Iterator[Kept]:
        """Yield all tickets, those of the latest month first."""
        with self._failures():
            for path in self.months():
                yield from _read(path)

    def find(self, id_: str) -> Kept | None:
        """Return the ticket with that ticket id or, unless it is a part, tracking id; None if it is not there."""
        named = (one for one in self.tickets() if id_ in (one["ticket_id"], "part" not in one and one["tracking_id"]))
        return next(named, None)

    def erase(self, ticket_id: str) -> int:
        """Take out of a ticket and its parts whatever somebody wrote; return how many of them are there.

        Whoever asks holds the lock.
        """
        found = 0
        with self._failures():
            for path in self.months():
                tickets = list(_read(path))
                meant = [one for one in tickets if ticket_id in (one["ticket_id"], one.get("parent"))]
                if meant:
                    _replace(path, [_without_texts(one) if one in meant else one for one in tickets])
                found += len(meant)
        return found

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.folder
            raise Failure(f"The archive {where}: {error.strerror}; is TINDAK_ARCHIVE_DIR right?") from error
        except (cramjam.DecompressionError, orjson.JSONDecodeError) as error:
            raise Failure(f"The archive in {self.folder} holds a file that is damaged; restore it.") from error


def _read(path: Path) -> Iterator[Kept]:
    lines = bytes(cramjam.zstd.decompress(path.read_bytes())).splitlines()
    yield from (orjson.loads(line) for line in lines)


def _without_texts(ticket: Kept) -> Kept:
    stays = [{name: value for name, value in stay.items() if name not in TEXTS} for stay in ticket["stays"]]
    return {name: value for name, value in ticket.items() if name not in TEXTS} | {"stays": stays, "erased": True}


def _replace(path: Path, tickets: Iterable[Kept]) -> None:
    ordered = sorted(tickets, key=lambda ticket: (ticket["ended_at"], ticket["ticket_id"]))
    packed = bytes(cramjam.zstd.compress(b"".join(orjson.dumps(one) + b"\n" for one in ordered), LEVEL))
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
