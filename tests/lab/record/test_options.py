"""A valid command line of a recording becomes the settings of a proxy."""

from pathlib import Path

from lab.record.options import parse
from proxy.app.server_settings import HttpServer


def test_a_header_is_sent_to_the_server() -> None:
    given = ("a", "--url", "http://127.0.0.1:1/mcp", "--header", "Authorization: Bearer x")
    options = parse(given)

    assert isinstance(options.settings.server, HttpServer)
    assert options.settings.server.headers == (("Authorization", "Bearer x"),)
    assert (options.target, options.file) == ("http://127.0.0.1:1/mcp", Path("a"))


def test_a_command_is_the_target() -> None:
    options = parse(("a", "--seconds", "60", "--", "python", "a b"))

    assert (options.target, options.url, options.seconds) == ("python 'a b'", "", 60.0)
