"""The command line of the echo server: each error is one line."""

import socket

import pytest

from tests.lab.echo.running import run_echo


def complaint(*arguments: str) -> str:
    """The one line of an echo server that ends with 2."""
    process = run_echo(*arguments)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    [line] = said.splitlines()
    return line


def test_an_address_that_cannot_be_had_is_one_line() -> None:
    line = complaint("--transport", "streamable-http", "--listen", "192.0.2.1:80")
    assert line.startswith("python -m lab.echo: --listen 192.0.2.1:80: ")


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        line = complaint("--transport", "streamable-http", "--listen", address)
    assert line == (
        f"python -m lab.echo: --listen {address}: the address is in use; port 0 takes a free one"
    )


@pytest.mark.parametrize("address", ["abc", ":8080", "127.0.0.1:http", "127.0.0.1:65536"])
def test_an_address_that_is_none_is_answered_with_what_is_allowed(address: str) -> None:
    assert complaint("--transport", "streamable-http", "--listen", address) == (
        f"python -m lab.echo: argument --listen: {address!r} is not HOST:PORT such as"
        " 127.0.0.1:8080; port 0 takes a free one; see python -m lab.echo --help"
    )
