"""Free ports are free; a busy port that was asked for is refused in one line."""

import socket

import pytest

from lab.ports import LOOPBACK, PortBusy, free_ports, require_free


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
