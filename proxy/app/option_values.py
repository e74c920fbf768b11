"""How the texts of options are read: each function raises ValueError saying what a text may be."""

import json
import math
import os
import re
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import SplitResult

from ..http.allowed_hosts import ANY, AllowList, HostOrOrigin, host, origin
from ..jsonrpc.depth import DEEPEST
from ..telemetry.otlp.settings import NAME_RULE
from ..translation.versions import Era
from ..urls import http_url
from ..values import Address, Calls

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_FREE = frozenset((
    "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "host", "keep-alive", "last-event-id", "te", "traceparent", "tracestate",
    "trailer", "transfer-encoding", "upgrade",
))  # fmt: skip


def variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not all(map(is_argument, (name, value))):
        raise ValueError("use NAME=VALUE, such as API_KEY=${API_KEY}")
    return name, value


def header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _TOKEN.fullmatch(name):
        raise ValueError("use NAME=VALUE, such as Authorization=Bearer ${TOKEN}")
    if name.lower() in _NOT_FREE or name.lower().startswith(("mcp-", "proxy-")):
        raise ValueError(f"{name} is set by the proxy itself or by clients: leave it out")
    return name, value


def header_value(value: str) -> str:
    """The value of a header line. Raises ValueError, in which it is not, if it cannot be one."""
    value = value.strip()
    if not value or not all(" " <= each != "\x7f" and each <= "\xff" for each in value):
        raise ValueError("its value is empty, or has characters that a header cannot carry")
    return value


def server_name(text: str) -> str:
    if "`" in text:
        raise ValueError(f"use {NAME_RULE}")
    return text


def folder(text: str) -> str:
    if not os.path.isdir(text):
        raise ValueError("use a folder that exists")
    return os.path.abspath(text)


def file(text: str) -> str:
    if not os.path.isfile(text):
        raise ValueError("use a file that exists")
    return text


def file_to_be(text: str) -> str:
    """A file that need not exist yet. Raises ValueError."""
    if not text or os.path.isdir(text):
        raise ValueError("use a file, which need not exist yet")
    return text


def address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    allowed = "use host:port, such as 127.0.0.1:8080, with a port from 0 to 65535"
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(allowed)
    try:
        usable = bool(host.encode("idna"))
    except UnicodeError as error:
        raise ValueError(allowed) from error
    if not usable:
        raise ValueError(allowed)
    return Address(host, int(port))


def server_url(text: str) -> SplitResult:
    allowed = "use an http or https URL, such as http://127.0.0.1:9000/mcp"
    url = http_url(text)
    if url is None or not text.isascii() or any(each.isspace() for each in text):
        raise ValueError(allowed)
    if url.username is not None or url.fragment:
        raise ValueError(f"{allowed}, without user name or fragment")
    return url


def keys_url(text: str) -> SplitResult:
    url = server_url(text)
    if url.scheme != "https" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(
            "use an https URL, or http on this machine: keys must not be forged on the way"
        )
    return url


def command(text: str) -> tuple[str, ...]:
    allowed = 'use a JSON array of strings, such as ["python", "server.py"]'
    try:
        parts = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(allowed) from error
    if not isinstance(parts, list) or not parts or not all(map(is_argument, parts)):
        raise ValueError(allowed)
    return tuple(parts)


def is_argument(part: object) -> bool:
    """Whether a program can be given it: a text of the system's characters, none of them NUL."""
    try:
        return isinstance(part, str) and b"\0" not in os.fsencode(part)
    except UnicodeEncodeError:
        return False


def calls(text: str) -> Calls:
    if text not in tuple(Calls):
        raise ValueError(f"use one of {', '.join(Calls)}")
    return Calls(text)


def _seconds(text: str) -> float:
    seconds = float(text) if text.strip().lower() not in ("nan", "inf") else math.nan
    if not 0 < seconds <= 1e6:
        raise ValueError
    return seconds


def duration(text: str) -> float:
    """Seconds."""
    try:
        return _seconds(text)
    except ValueError as error:
        raise ValueError("use a number of seconds above 0 and at most 1000000") from error


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1 << 40:
        raise ValueError("use a whole number above 0")
    return int(text)


def levels(text: str) -> int:
    if (levels := count(text)) > DEEPEST:
        raise ValueError(f"use a whole number from 1 to {DEEPEST}")
    return levels


def era(text: str) -> Era | None:
    if text not in ("auto", *Era):
        raise ValueError("use auto, legacy or modern")
    return None if text == "auto" else Era(text)


def count_or_none(text: str) -> int:
    if text == "0":
        return 0
    try:
        return count(text)
    except ValueError as error:
        raise ValueError("use a whole number, 0 for none") from error


def names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or set(text) & set(' "\\'):
        raise ValueError("use printable ASCII without spaces, quotes or backslashes")
    return text


def _allowed(text: str, read: Callable[[str], HostOrOrigin]) -> AllowList:
    given = names(text)
    return AllowList(tuple(read(each) for each in given if each != ANY), ANY in given)


def hosts(text: str) -> AllowList:
    return _allowed(text, host)


def origins(text: str) -> AllowList:
    return _allowed(text, origin)


def strict_names(text: str) -> tuple[str, ...]:
    return tuple(map(name, names(text)))


def switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("use on or off")
    return text == "on"


class HttpTransport(StrEnum):
    """What an HTTP server speaks."""

    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


def transport(text: str) -> HttpTransport | None:
    if text not in ("auto", *HttpTransport):
        raise ValueError(f"use auto, {' or '.join(HttpTransport)}")
    return None if text == "auto" else HttpTransport(text)
