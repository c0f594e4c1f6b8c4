"""What processes use, as Linux counts it: CPU time of all threads, kernel included, and resident memory."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

Processes = Mapping[str, Sequence[int]]
"""Process ids by the name under which they are counted."""


def cpu_seconds(processes: Processes) -> dict[str, float]:
    """Return the CPU seconds that each has used since it started.

    Raises:
        ChildProcessError: One of them has ended.
    """
    return {name: sum(map(_cpu_seconds_of, pids)) for name, pids in processes.items()}


def resident_mib(processes: Processes) -> dict[str, float]:
    """Return the memory of each, in MiB; of several processes under one name the sum."""
    return {name: sum(map(_resident_mib_of, pids)) for name, pids in processes.items()}


def cpu_seconds_in(stat: str) -> float:
    """Return user and system time that a line of ``/proc/<pid>/stat`` tells; the name in it may hold anything.

    Raises:
        ChildProcessError: The process has ended, and nobody has asked for its exit code yet.
    """
    fields = stat.rpartition(") ")[2].split()
    if fields[0] in "ZX":
        raise ChildProcessError(f"process {stat.partition(' ')[0]} has ended")
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_mib_in(status: str) -> float:
    """Return the resident memory that ``/proc/<pid>/status`` tells, in MiB; 0 of a process that has ended."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _cpu_seconds_of(pid: int) -> float:
    return cpu_seconds_in(Path(f"/proc/{pid}/stat").read_text())


def _resident_mib_of(pid: int) -> float:
    return resident_mib_in(Path(f"/proc/{pid}/status").read_text())
