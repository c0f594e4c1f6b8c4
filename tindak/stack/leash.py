"""Becomes a command that dies with the process that started it: ``leash.py PARENT_PID COMMAND [ARGUMENT ...]``.

A program of its own, not a ``preexec_fn``, because Python code between fork and exec may deadlock in a threaded parent.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask the kernel for SIGKILL at the parent's death, then become the command."""
    parent_pid, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the kernel was asked.
    if os.getppid() != int(parent_pid):
        sys.exit(f"{parent_pid} is gone; {command[0]} is not started")
    os.execv(command[0], command)  # noqa: S606  # the whole purpose: no shell, the caller's own argument list


if __name__ == "__main__":
    main()
