"""Free ports are free; a busy port that was asked for is refused in one line."""

import socket
import subprocess
import sys

import pytest

from lab.local.ports import LOOPBACK, PortBusy, free_ports, require_free


def test_free_ports_are_all_different_and_can_be_bound() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        require_free("--port", port)


def test_a_busy_port_is_refused_by_the_options_name() -> None:
    with socket.create_server((LOOPBACK, 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"^--prometheus-port {port}: Address already in use"):
            require_free("--prometheus-port", port)


def test_free_ports_are_none_that_an_outgoing_connection_could_take() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        ephemeral = server.getsockname()[1]
    assert all(port < min(ephemeral, 32_768) for port in free_ports(20))


def test_no_two_processes_get_the_same_ports() -> None:
    code = "from lab.local.ports import free_ports; print(*free_ports(50), flush=True); input()"
    mine = set(free_ports(50))
    command = (sys.executable, "-c", code)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        theirs = set(map(int, other.stdout.readline().split()))
        other.communicate("\n", timeout=30)
    assert len(theirs) == 50
    assert not {port // 100 for port in mine} & {port // 100 for port in theirs}
