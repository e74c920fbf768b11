"""The commands: a recording of a real server, on every transport, and mistakes in one line."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from mcp.client.client import Client

from lab.load.target import SseTarget, StdioTarget, StreamableHttpTarget, Target
from lab.recording.recording_file import Header, line
from lab.replay.run import main
from tests.integration.serving import serving
from tests.integration.test_registry_servers import node
from tests.lab.load.echo import echo
from tests.lab.record.recording import recording
from tests.lab.recording.entries import OPENED, answered, asked

pytestmark = pytest.mark.slow

EVERYTHING = str(Path(__file__).parents[3] / "docs/examples/recordings/everything.jsonl")
REPLAY = (sys.executable, "-m", "lab.replay")
ECHO = (sys.executable, "-m", "lab.echo", "--transport")
MAX = ("--speed", "max", "--compare")


@contextmanager
def stand_in(*options: str) -> Iterator[str]:
    """The address of a recorded server."""
    with serving(*REPLAY, *options, "--as-server", "--speed", "max") as address:
        yield address


@pytest.mark.parametrize("transport", ["streamable-http", "sse", "stdio"])
def test_a_stand_in_gives_the_clients_of_its_recording_the_same_outcomes(
    transport: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if transport == "stdio":
        command = (*REPLAY, EVERYTHING, "--as-server", "--transport", "stdio", "--speed", "max")
        assert main([EVERYTHING, *MAX, "--", *command]) == 0
    else:
        path = "sse" if transport == "sse" else "mcp"
        with stand_in(EVERYTHING, "--transport", transport) as address:
            assert main([EVERYTHING, *MAX, "--url", f"http://{address}/{path}"]) == 0

    assert "18 calls, 0 with another outcome" in capsys.readouterr().out


def test_an_official_client_can_use_a_stand_in() -> None:
    async def used(url: str) -> tuple[int, bool, list[float]]:
        seen: list[float] = []

        async def progress(
            progress: float, total: float | None = None, message: str | None = None
        ) -> None:
            seen.append(progress)

        async with Client(url, mode="legacy") as client:
            tools = await client.list_tools()
            result = await client.call_tool(
                "trigger-long-running-operation", {"steps": 4}, progress_callback=progress
            )
            return len(tools.tools), result.is_error, seen

    with stand_in(EVERYTHING) as address:
        tools, failed, seen = asyncio.run(used(f"http://{address}/mcp"))

    assert (tools, failed, seen) == (17, False, [1, 2, 3, 4])


def test_the_recorded_client_has_the_same_outcomes_at_the_real_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Sampling, elicitation, roots, progress, resources and prompts, from redacted values."""
    server = node("server-everything")

    assert main([EVERYTHING, *MAX, "--", server["command"], *server["args"]]) == 0

    assert "18 calls, 0 with another outcome" in capsys.readouterr().out


@pytest.fixture(scope="module")
def stateless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a client of 2026-07-28."""
    file = tmp_path_factory.mktemp("stateless") / "a.jsonl"

    async def use(url: str) -> None:
        async with Client(url) as client:
            await client.list_tools()
            await client.call_tool("echo", {"text": "hello"})
            await client.call_tool("fail", {})

    with recording(file, "--", *ECHO, "stdio") as url:
        asyncio.run(use(f"{url}/mcp"))
    return file


def test_a_stateless_recording_can_be_replayed_on_both_sides(
    stateless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand_in(str(stateless)) as address:
        assert main([str(stateless), *MAX, "--url", f"http://{address}/mcp"]) == 0
    assert "4 calls, 0 with another outcome" in capsys.readouterr().out
    with stand_in(str(stateless)) as address:
        refused = main([str(stateless), *MAX, "--url", f"http://{address}/sse"])
    assert (refused, "HTTP+SSE is older" in capsys.readouterr().err) == (2, True)


def targets(streamable: str, sse: str) -> dict[str, tuple[Target, tuple[str, ...]]]:
    """Each target of the same echo server, and the options of the same."""
    url, events = f"http://{streamable}/mcp", f"http://{sse}/sse"
    return {
        "streamable-http": (StreamableHttpTarget(url), ("--url", url)),
        "sse": (SseTarget(events), ("--url", events)),
        "stdio": (StdioTarget((*ECHO, "stdio")), ("--", *ECHO, "stdio")),
    }


@pytest.mark.parametrize("transport", ["streamable-http", "sse", "stdio"])
def test_a_server_that_answers_otherwise_is_reported(
    tmp_path: Path, transport: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    entries = (
        *OPENED,
        *(asked(1, arguments={"text": "a"}), answered(1)),
        *(asked(2, name="fail", arguments={}), answered(2)),
        *(asked(3, name="absent", arguments={}), answered(3, error={"code": 1, "message": ""})),
    )
    file.write_bytes(line(Header(redacted=False)) + b"".join(map(line, entries)))
    with echo("--answers", "sse") as streamable, echo("--transport", "sse") as sse:
        options = targets(streamable, sse)[transport][1]
        assert main([str(file), "--speed", "max", *options]) == 0
        assert main([str(file), *MAX, *options]) == 1

    found = capsys.readouterr().out
    different = "session 1, tools/call fail: ok in the recording, now tool_error: isError"
    assert found.count(different) == 2
    assert "4 calls, 1 with another outcome" in found


def test_pauses_are_those_of_the_recording_divided_by_the_speed(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    entries = (*OPENED, asked(1, time=3600.0, arguments={"text": "a"}), answered(1, time=3600.0))
    file.write_bytes(line(Header(redacted=False)) + b"".join(map(line, entries)))

    assert main([str(file), "--speed", "36000", "--compare", "--", *ECHO, "stdio"]) == 0


def test_ctrl_c_gives_the_calls_so_far_and_leaves_no_child(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    entries = (*OPENED, asked(1), answered(1), asked(2, time=3600.0), answered(2, time=3600.0))
    file.write_bytes(line(Header(redacted=False)) + b"".join(map(line, entries)))
    command = (*REPLAY, str(file), "--", *ECHO, "stdio")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children: list[psutil.Process] = []

    async def second_session() -> None:
        """The first is the one that looks at the server's tools."""
        while not children or not all(each.is_running() for each in children):
            children[:] = psutil.Process(process.pid).children()
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(second_session(), 20))
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)

    assert process.returncode == 130, errors
    _, left = psutil.wait_procs(children, timeout=20)  # Until they are reaped.
    assert left == []


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("absent.jsonl",), "absent.jsonl: cannot be read: No such file"),
        (("README.md",), "README.md: is not a recording"),
        ((EVERYTHING, "--url", "http://127.0.0.1:1/mcp"), "Connection refused"),
        ((EVERYTHING, "--url", "x"), "'x' is not a URL of an MCP server"),
        ((EVERYTHING, "--", "no-such-program"), "no such program"),
        ((EVERYTHING, "--"), "no such program"),
        ((EVERYTHING, "--", "true"), "true: the server ended with exit code 0"),
        ((EVERYTHING, "--speed", "0"), "'0' is not a factor above 0, or max"),
        ((EVERYTHING, "--url", "http://a", "--server", "b"), "give one of --url"),
        ((EVERYTHING, "--as-server", "--compare"), "--compare is of no use with --as-server"),
        ((EVERYTHING, "--listen", "127.0.0.1:0"), "--listen is of no use without --as-server"),
        ((EVERYTHING, "--as-server", "--", "true"), "of no use with --as-server"),
        ((EVERYTHING, "--as-server", "--listen", "x"), "is not HOST:PORT"),
        ((EVERYTHING, "--as-server", "--listen", "192.0.2.1:1"), "--listen 192.0.2.1:1: "),
    ],
)
def test_a_mistake_is_one_line(
    options: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 2

    error = capsys.readouterr().err
    assert error.startswith("replay: ")
    assert why in error
    assert error.count("\n") == 1


def test_a_recording_without_calls_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text('{"format":"mcp-recording","version":1,"redacted":true}\n')

    assert main((str(file), "--", "true")) == 2

    assert capsys.readouterr().err == "replay: the recording has no calls\n"
