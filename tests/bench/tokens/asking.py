"""The list of tools of a stdio server, byte by byte as it writes it but for spaces."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

SECONDS = 120


class ListFailed(Exception):
    """A server did not list its tools; the text says which and why."""


def listed(name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """The tools of a server as a JSON array without spaces. Raises ListFailed."""
    with _running(command, environment) as process:
        opening = {"name": "mcp-observability-bench", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": opening}
        _request(name, process, "initialize", params)
        _send(process, {"method": "notifications/initialized"})
        tools: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = _request(name, process, "tools/list", cursor)
            tools += page["tools"]
            if not page.get("nextCursor"):
                return json.dumps(tools, ensure_ascii=False, separators=(",", ":"))
            cursor = {"cursor": page["nextCursor"]}


@contextmanager
def _running(
    command: tuple[str, ...], environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()
            with suppress(OSError):  # What it did not read is still in the buffer.
                process.stdin.close()  # type: ignore[union-attr]


def _send(process: "subprocess.Popen[str]", message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()


def _request(
    name: str, process: "subprocess.Popen[str]", method: str, params: dict[str, Any]
) -> dict[str, Any]:
    assert process.stdout is not None
    try:
        _send(process, {"id": method + str(params), "method": method, "params": params})
    except OSError as error:
        raise ListFailed(f"{name}: it ended before {method}") from error
    for line in process.stdout:
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if message.get("id") != method + str(params):
            continue
        if "result" not in message:
            raise ListFailed(f"{name}: {method}: {message.get('error')}")
        result: dict[str, Any] = message["result"]
        return result
    raise ListFailed(f"{name}: it ended, or did not answer {method} in {SECONDS} s")
