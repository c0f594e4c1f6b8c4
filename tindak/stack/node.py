"""One server process of the local stack: launched, awaited, killed, started again with its data."""

import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import SystemRandom

from tindak.stack import processes
from tindak.stack.programs import StackError

READY_WITHIN_SECONDS = 90.0  # three brokers start in six seconds on two idle cores; a build server is not idle
# Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that no client's
# connection sits on a killed server's port when it is to start again.
PORTS = range(20_000, 32_000)
DRAWN_FOR_EACH = 50  # ports tried for each that is wanted
RESERVED_MAX = 100  # by then what was to listen on the oldest of them does so, or never will
reservations: deque[socket.socket] = deque()


@dataclass
class Node:
    """A server that can be killed and started again on the same port with the same data.

    ``is_ready`` answers whether the server on ``port`` serves *and* is the one that belongs to this stack.
    """

    name: str
    port: int
    command: tuple[str, ...]
    log: Path
    is_ready: Callable[[], bool]
    detached: bool = False
    process: processes.Process | None = field(default=None, compare=False)

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.is_alive

    def start(self) -> None:
        """Start it and return once it is ready."""
        self.launch()
        self.wait_until(self.is_ready)

    def launch(self) -> None:
        """Start its process, and nothing more.

        Raises:
            StackError: Something else listens on its port. Clients would silently talk to that.
        """
        if self.is_alive:
            return
        if not is_free(self.port):
            raise StackError(f"Port {self.port}, which {self.name} needs, is taken; stop what listens there.")
        self.process = processes.start(self.command, self.log, detached=self.detached)

    def wait_until(self, condition: Callable[[], bool], within_seconds: float = READY_WITHIN_SECONDS) -> None:
        """Return once *condition* holds.

        Raises:
            StackError: The process ended, or the time is over; the sentence quotes the last line of the log.
        """
        held = processes.holds_within(lambda: not self.is_alive or condition(), within_seconds)
        if not self.is_alive:
            raise StackError(f"{self.name} ended while it started; {self._last_words()}")
        if not held:
            raise StackError(f"{self.name} was not ready within {within_seconds:.0f} s; {self._last_words()}")

    def stop(self) -> None:
        """End it in an orderly way; nothing happens if it does not run."""
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self.process is not None:
            self.process.kill()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
        return f"the last line of {self.log} is: {last[:300]}"


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free, one that somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Return that many different free ports of the loopback address, which no other process is given meanwhile.

    They stay reserved until this process ends or has drawn `RESERVED_MAX` more.
    """
    candidates = SystemRandom().sample(PORTS, DRAWN_FOR_EACH * count)
    free = list(islice(filter(_reserve, candidates), count))
    if len(free) < count:
        raise StackError(f"hardly any port from {PORTS.start} to {PORTS.stop - 1} is free on 127.0.0.1")
    return free


def _reserve(port: int) -> bool:
    """Return whether this port is free and now reserved.

    A server listens some seconds after its port is drawn. Until then a datagram socket of the same number, which is in
    no server's way, tells every other process that draws.
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        reservation.bind(("127.0.0.1", port))
    except OSError:
        reservation.close()
        return False
    if not is_free(port):
        reservation.close()
        return False
    reservations.append(reservation)
    while len(reservations) > RESERVED_MAX:
        reservations.popleft().close()
    return True


def accepts_connections(port: int) -> bool:
    """Return whether anything listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
