"""Sockets are bound before anything starts, or refused by the flag that asked for them."""

import socket

import pytest

from proxy.errors import SettingsError
from proxy.http.listen import address_of, bind, is_loopback
from proxy.values import Address


def test_port_0_is_any_free_port_and_is_reported() -> None:
    with bind("--listen", Address("127.0.0.1", 0)) as listener:
        address = address_of(listener)
        assert address.host == "127.0.0.1"
        with socket.create_connection((address.host, address.port), timeout=5):
            pass


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_it_knows_whether_only_this_machine_can_come(host: str, loopback: bool) -> None:
    with bind("--listen", Address(host, 0)) as listener:
        assert is_loopback(listener) is loopback


def test_a_port_that_is_taken_is_named_with_its_flag() -> None:
    with bind("--listen", Address("127.0.0.1", 0)) as taken:
        address = address_of(taken)
        with pytest.raises(SettingsError, match=f"^--metrics-listen: .*'{address}': the port is"):
            bind("--metrics-listen", address)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_here_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=f"^--listen: .*{host}"):
        bind("--listen", Address(host, 0))
