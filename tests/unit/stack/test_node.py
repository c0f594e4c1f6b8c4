"""A server that must be ours, on a port that must be free."""

import random
import socket
import sys
from collections import deque
from pathlib import Path

import pytest

from tindak.stack import node as node_module
from tindak.stack.node import PORTS, Node, free_ports, is_free
from tindak.stack.programs import StackError

pytestmark = pytest.mark.unit


def node(folder: Path, code: str, port: int | None = None) -> Node:
    command = (sys.executable, "-c", code)
    return Node("broker-1", port or free_ports(1)[0], command, folder / "broker-1.log", lambda: False)


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(StackError, match=f"Port {port}, which broker-1 needs, is taken"):
            node(tmp_path, "raise SystemExit", port).launch()


def test_a_server_that_ends_while_starting_is_quoted(tmp_path: Path) -> None:
    ending = node(tmp_path, "print('no space left on device'); raise SystemExit(1)")

    with pytest.raises(StackError, match=r"^broker-1 ended while it started; .* is: no space left on device$"):
        ending.start()


def test_a_server_not_ready_in_time_is_reported(tmp_path: Path) -> None:
    slow = node(tmp_path, "import signal; signal.pause()")
    slow.launch()

    with pytest.raises(StackError, match=r"^broker-1 was not ready within 0 s; "):
        slow.wait_until(slow.is_ready, within_seconds=0.1)

    slow.kill()


def test_launching_twice_keeps_the_first_process(tmp_path: Path) -> None:
    running = node(tmp_path, "import signal; signal.pause()")
    running.launch()
    first = running.process

    running.launch()

    assert running.process == first
    running.kill()


def test_a_machine_without_free_ports_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "is_free", lambda port: False)

    with pytest.raises(StackError, match=r"^hardly any port from 20000 to 31999 is free on 127\.0\.0\.1$"):
        free_ports(1)


def test_free_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(port in PORTS and is_free(port) for port in ports)


def test_a_port_that_was_drawn_is_given_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr(node_module, "PORTS", range(port, port + 1))
    monkeypatch.setattr(node_module, "DRAWN_FOR_EACH", 1)

    assert is_free(port)
    with pytest.raises(StackError):
        free_ports(1)


def test_processes_whose_draws_begin_alike_are_given_different_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    for _ in range(2):
        random.seed(1)
        monkeypatch.setattr(node_module, "reservations", deque())  # as in a process of its own
        drawn.append(set(free_ports(10)))
        while node_module.reservations:
            node_module.reservations.pop().close()

    assert drawn[0] != drawn[1]


def test_at_most_so_many_ports_stay_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "RESERVED_MAX", 3)

    free_ports(5)

    assert len(node_module.reservations) == 3
