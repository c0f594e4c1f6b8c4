"""Hot reload: looks for changes of the policy's files and applies them if they are sound."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from shared.delivery.guard import Bug, guarded
from shared.policy.loading import PolicyInvalid, policy_files, version_of
from shared.process import metrics

P = TypeVar("P")
FAULTS_LOGGED_MAX = 10

Stamps = Mapping[str, tuple[int, int]]

log = structlog.get_logger()


class PolicyWatch(Generic[P]):
    """The policy as a service reads it, and the look for changes of its files.

    A change counts once two looks in a row find the same files, so that nobody takes half of what is being written.
    What cannot be read leaves the policy that holds in its place.

    Args:
        service: Name, for logs and metrics.
        directory: Holds the files.
        load: Reads and validates them.

    Attributes:
        policy: The one that holds.
        version: Its version.
        broken: The first thing that is wrong with the files, and how many more there are; None if they are sound.

    Raises:
        PolicyInvalid: The files cannot be used at the start, when there is no other policy.
    """

    def __init__(self, service: str, directory: Path, load: Callable[[Path], P]) -> None:
        self.service = service
        self.directory = directory
        self.load = load
        self.broken: str | None = None
        # In this order: whatever is changed meanwhile is seen to differ at the first look.
        self.seen = _stamps(directory)
        self.is_settled = True
        self.version = version_of(directory)
        self.policy = load(directory)
        metrics.POLICY_BROKEN.labels(service).set(0)

    async def look(self, take: Callable[[P], None]) -> int:
        """Look at the files once and let *take* have the policy if it has changed; return 0: there is no more to do.

        *take* runs in the event loop, between two steps of the service, so that no decision is made by half of it.
        """
        now = await asyncio.to_thread(_stamps, self.directory)
        if now != self.seen:
            self.seen, self.is_settled = now, False
        elif not self.is_settled:
            self.is_settled = True
            changed = await asyncio.to_thread(guarded, self.read)
            if isinstance(changed, Bug | PolicyInvalid):
                self.refuse(changed)
            else:
                self.apply(changed, take)
        return 0

    def read(self) -> tuple[str, P] | PolicyInvalid | None:
        """Return version and policy if they are not those that hold, or what is wrong with the files."""
        version = version_of(self.directory)
        if version == self.version:
            return None
        try:
            policy = self.load(self.directory)
        except PolicyInvalid as invalid:
            return invalid
        return version, policy

    def apply(self, changed: tuple[str, P] | None, take: Callable[[P], None]) -> None:
        """Put a changed policy in force; without a change, only note that the files are sound again."""
        if changed is not None:
            was = self.version
            self.version, self.policy = changed
            take(self.policy)
            log.info("policy changed", was=was, version=self.version)
        elif self.broken:
            log.info("policy sound again", version=self.version)
        self.broken = None
        metrics.POLICY_BROKEN.labels(self.service).set(0)

    def refuse(self, fault: Bug | PolicyInvalid) -> None:
        """Keep the policy in force, and report what is wrong with the files."""
        faults = [fault.error] if isinstance(fault, Bug) else list(map(str, fault.faults))
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        self.broken = f"{faults[0]}{more}"
        metrics.POLICY_BROKEN.labels(self.service).set(1)
        log.warning("policy broken", holds=self.version, faults=faults[:FAULTS_LOGGED_MAX], faults_total=len(faults))

    def remark(self) -> str:
        """Return which policy holds, and what is wrong with the files if anything is."""
        return f"{self.version} holds; the files are broken: {self.broken}" if self.broken else f"{self.version} holds"


def _stamps(directory: Path) -> Stamps:
    """Return size and time of change, in nanoseconds, of each policy file; of one that has just gone, zeros."""
    return {str(path): _stamp(path) for path in policy_files(directory)}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
