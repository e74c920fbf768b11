"""The command: real clients on each transport, real servers, and mistakes in one line."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from mcp.client.client import Client

from lab.load import protocol
from lab.load.session import Session
from lab.load.target import SseTarget, StdioTarget, StreamableHttpTarget
from lab.record.run import main
from lab.recording.calls import calls
from lab.recording.recording_file import Event, read
from tests.lab.load.echo import echo
from tests.lab.record.recording import RECORD, recording
from tests.waiting import until

pytestmark = pytest.mark.slow

ECHO = (sys.executable, "-m", "lab.echo", "--transport")
CALLED = [
    ("tools/list", "ok"),
    ("tools/call echo", "ok"),
    ("tools/call fail", "tool_error"),
    ("tools/call absent", "protocol_error"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, tuple[str, ...]]]:
    """What is recorded, as options, by transport."""
    with echo("--answers", "sse") as streamable, echo("--transport", "sse") as sse:
        yield {
            "stdio": ("--", *ECHO, "stdio"),
            "streamable-http": ("--url", f"http://{streamable}/mcp"),
            "sse": ("--url", f"http://{sse}/sse"),
        }


async def use(session: Session) -> None:
    """Make CALLED in a session of a legacy client."""
    await session.tools()
    for tool in ("echo", "fail", "absent"):
        await session.call(protocol.tool_call(protocol.VERSIONS[0], tool, {"text": "private"}))
    await session.close()


def found(file: Path, era: str, transport: str) -> list[tuple[str, str]]:
    """The calls of a recording of one session, but for those that open it."""
    recorded = read(file)
    assert {(each.era, each.transport) for each in recorded.entries} == {(era, transport)}
    assert {each.session for each in recorded.entries} == {"1"}
    times = [each.time for each in recorded.entries]
    assert times == sorted(times)
    return [(each.name, each.outcome.value) for each in calls(recorded.entries)][1:]


@pytest.mark.parametrize("server", ["stdio", "streamable-http", "sse"])
@pytest.mark.parametrize("client", ["streamable-http", "sse"])
def test_a_session_is_recorded_on_every_transport(
    servers: dict[str, tuple[str, ...]], tmp_path: Path, server: str, client: str
) -> None:
    file = tmp_path / "a.jsonl"
    with recording(file, *servers[server]) as url:
        kind = SseTarget if client == "sse" else StreamableHttpTarget
        path = "sse" if client == "sse" else "mcp"
        asyncio.run(use(Session(kind(f"{url}/{path}", {}).connect, protocol.VERSIONS[0])))

    assert found(file, "legacy", client) == CALLED
    assert read(file).entries[-1].event is Event.END
    assert "private" not in file.read_text()


def test_a_session_on_stdio_is_recorded(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    command = (*RECORD, str(file), "--stdio", "--", *ECHO, "stdio")
    asyncio.run(use(Session(StdioTarget(command).connect, protocol.VERSIONS[0])))

    assert found(file, "legacy", "stdio") == CALLED


def test_a_stateless_client_is_recorded_as_a_session(
    servers: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"

    async def called(url: str) -> None:
        async with Client(url) as client:
            await client.list_tools()
            await client.call_tool("echo", {"text": "private"})
            await client.call_tool("fail", {})

    with recording(file, "--payloads", *servers["streamable-http"]) as url:
        asyncio.run(called(f"{url}/mcp"))

    assert found(file, "modern", "streamable-http") == CALLED[:3]
    assert "private" in file.read_text()
    assert read(file).header.redacted is False


def test_lines_are_whole_and_no_child_is_left_whenever_it_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    process = subprocess.Popen(
        (*RECORD, str(file), "--listen", "127.0.0.1:0", "--", *ECHO, "stdio"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    url = process.stderr.readline().split(" let clients connect to ")[1].split(" or ")[0]

    async def used() -> list[psutil.Process]:
        session = Session(StreamableHttpTarget(url, {}).connect, protocol.VERSIONS[0])
        await session.tools()
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        await session.close()
        return children

    children = asyncio.run(used())
    process.communicate(timeout=20)

    assert children
    until(lambda: not any(map(psutil.Process.is_running, children)), seconds=20)
    assert [each.name for each in calls(read(file).entries)] == ["initialize", "tools/list"]


def test_it_ends_by_itself_after_some_seconds(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    options = (str(file), "--seconds", "0.2", "--", *ECHO, "stdio")

    ended = subprocess.run((*RECORD, *options), capture_output=True, text=True, check=True)

    assert f"record: no client connected: 0 messages of 0 sessions in {file}" in ended.stderr
    assert read(file).entries == ()


def test_a_full_disk_ends_the_recording(servers: dict[str, tuple[str, ...]]) -> None:
    options = ("/dev/full", "--force", *servers["streamable-http"])

    ended = subprocess.run(
        (*RECORD, *options), capture_output=True, text=True, check=False, timeout=20
    )

    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert last == "record: /dev/full: cannot be written: No space left on device"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--url", "http://127.0.0.1:1/mcp"), "http://127.0.0.1:1/mcp: Connection refused; is the"),
        (("--url", "x"), "x"),
        (("--", "no-such-program"), "'no-such-program' is not an executable file"),
        (("--url", "http://127.0.0.1:1/mcp", "--", "python"), "give one of --url"),
        (("--seconds", "0", "--", "python"), "'0' is not a number of seconds from 0.001 to"),
        (("--listen", "x", "--", "python"), "--listen"),
        (("--header", "A=b", "--", "python"), "'A=b' is not NAME:VALUE"),
        (("--server", "x"), "x"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], why: str
) -> None:
    file = tmp_path / "a.jsonl"
    assert main([str(file), *options]) == 2

    error = capsys.readouterr().err
    assert error.startswith("record: ")
    assert error.count("\n") == 1
    assert why in error or "no demo is running" in error
    assert not file.exists()


def test_a_file_is_not_overwritten_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("mine")
    given = [str(file), "--seconds", "0.1", "--", *ECHO, "stdio"]

    assert main(given) == 2
    assert "exists; choose another, or give --force" in capsys.readouterr().err
    assert file.read_text() == "mine"
    subprocess.run((*RECORD, "--force", *given), check=True, capture_output=True)
    assert json.loads(file.read_text())["format"] == "mcp-recording"


def test_a_missing_file_and_a_busy_address_are_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--", *ECHO, "stdio"]) == 2
    assert "FILE is missing" in capsys.readouterr().err
    file = tmp_path / "a.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        command = (*RECORD, str(file), "--listen", address, "--", *ECHO, "stdio")
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n"), file.exists()) == (2, 1, False)
