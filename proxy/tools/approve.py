"""The tools of a server as a client gets them, to be approved: by a proxy that is started for it.

So every server that the proxy can stand in front of can be approved, on any transport.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from ..errors import SettingsError
from ..telemetry.listed_tools import MOST_TOOLS
from .definition import LONGEST_COMPARED, Definition, parse
from .page import read_page
from .readable import readable

ANSWER_SECONDS = 60.0
LONGEST_ANSWER = 32 * 1024 * 1024
MOST_PAGES = 1000
_STDERR_BYTES = 64 * 1024
_VERSION = "2025-11-25"


class _Page(msgspec.Struct, rename="camel"):
    """The result of `tools/list`."""

    tools: msgspec.Raw
    next_cursor: str | None = None


class _Session:
    """A session with a server, through a proxy on stdin and stdout; errors name the `server`."""

    def __init__(self, server: str, process: asyncio.subprocess.Process) -> None:
        self._server = server
        self._process = process
        self._last_id = 0

    async def request(self, method: str, **params: Any) -> msgspec.Raw:
        """The result of a request. Raises SettingsError."""
        self._last_id += 1
        self.send({"id": self._last_id, "method": method, "params": params})
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._result(method)
        except TimeoutError as error:
            reason = f"{method} was not answered in {ANSWER_SECONDS:.0f} s"
            raise SettingsError(f"{self._server}: {reason}") from error

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def _result(self, method: str) -> msgspec.Raw:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError as error:
                limit = f"longer than {LONGEST_ANSWER} bytes"
                raise SettingsError(f"{self._server}: the answer to {method} is {limit}") from error
            if not line:
                raise SettingsError(f"{self._server}: {await self._last_words()}")
            try:
                message = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
                refused = msgspec.json.decode(message.get("error", msgspec.Raw(b"{}")))
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                reason = f"the answer to {method} cannot be read: {readable(str(error))}"
                raise SettingsError(f"{self._server}: {reason}") from error
            if bytes(message.get("id", msgspec.Raw(b""))) != b"%d" % self._last_id:
                continue
            if "result" in message:
                return message["result"]
            reason = refused.get("message", "") if isinstance(refused, dict) else ""
            raise SettingsError(f"{self._server}: {method} failed: {readable(str(reason))}")

    async def _last_words(self) -> str:
        """Why the proxy ended."""
        assert self._process.stderr is not None
        said = (await self._process.stderr.read(_STDERR_BYTES)).decode("utf-8", "replace")
        lines = [line for line in said.splitlines() if line.startswith("proxy: ")]
        return lines[-1].removeprefix("proxy: ") if lines else "the server could not be asked"


async def listed_tools(
    server: str, arguments: Sequence[str], environment: Mapping[str, str], package: str
) -> dict[str, Definition]:
    """The definitions of all tools of a server, by name. Raises SettingsError.

    `arguments` are those of the proxy, `package` is what it is called.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", package, "--stdio", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**environment, "OTEL_SDK_DISABLED": "true"},
        limit=LONGEST_ANSWER,
    )
    try:
        return await _list(server, _Session(server, process))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _list(server: str, session: _Session) -> dict[str, Definition]:
    info = {"name": "mcp-observability-approve", "version": "1"}
    opening = {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": info}
    await session.request("initialize", **opening)
    session.send({"method": "notifications/initialized"})
    tools: dict[str, Definition] = {}
    cursor: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        result = await session.request("tools/list", **cursor)
        try:
            page = msgspec.json.decode(result, type=_Page)
        except (msgspec.DecodeError, RecursionError) as error:
            raise SettingsError(f"{server}: its list of tools cannot be read: {error}") from error
        tools = _definitions(server, bytes(page.tools)) | tools
        if len(tools) > MOST_TOOLS:
            break
        if not page.next_cursor:
            return tools
        cursor = {"cursor": page.next_cursor}
    raise SettingsError(f"{server}: it lists more than {MOST_TOOLS} tools, or pages without end")


def _definitions(server: str, tools: bytes) -> dict[str, Definition]:
    read = read_page(tools)
    if read is None or read.page.more:
        raise SettingsError(f"{server}: its list of tools cannot be read: at most {MOST_TOOLS} can")
    unread = [tool.name for tool in read.page.tools if tool.digest not in read.forms]
    if unread:
        limit = f"is longer than {LONGEST_COMPARED} bytes, or nests too deep"
        raise SettingsError(f"{server}: the definition of {unread[0]!r} {limit}")
    definitions = [parse(read.forms[tool.digest]) for tool in read.page.tools]
    return {each.name: each for each in definitions}
