"""HTTP+SSE: sessions over event streams, and servers that are not what they should be."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.load.run import main
from tests.http_edge import Handler, serving
from tests.lab.load.echo import echo
from tests.lab.load.proxied import proxy

pytestmark = pytest.mark.slow

SHORT = ("--steps", "100x0.5", "--connections", "5", "--tool", "echo", "--tool", "fail")


@pytest.mark.parametrize("sessions", ["shared", "unique"])
def test_every_call_is_answered_by_the_event_stream(sessions: str, tmp_path: Path) -> None:
    with (
        echo("--answers", "sse") as server,
        proxy("--upstream", f"http://{server}/mcp") as address,
    ):
        options = ("--sessions", sessions, "--out", str(tmp_path))
        assert main(["--url", f"http://{address}/sse", *SHORT, *options]) in (0, 1)

    [result] = json.loads((tmp_path / "load.json").read_text())
    assert (result["test"], result["transport"]) == ("sse-20", "sse")
    assert (result["sent"], result["outcomes"]) == (50, {"ok": 29, "tool_error": 21})


def streaming(body: str, media: str = "text/event-stream", status: int = 200) -> type[Handler]:
    """Answers every GET with this body, and accepts every POST."""

    class Streaming(Handler):
        def do_GET(self) -> None:
            self.answer(status, body, {"Content-Type": media})

        def do_POST(self) -> None:
            self.body()
            self.answer(202)

    return Streaming


ELSEWHERE = "event: endpoint\ndata: http://127.0.0.1:1/messages\n\n"


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (lambda: streaming(""), "the event stream ended without an endpoint"),
        (lambda: streaming("{}", "application/json"), "HTTP 200 without a JSON-RPC answer, {}"),
        (lambda: streaming("absent", status=404), "HTTP 404, absent"),
        (lambda: streaming(ELSEWHERE), "is not at the same origin"),
        (lambda: streaming("event: endpoint\ndata: http://[/\n\n"), "not at the same origin"),
        (lambda: streaming("event: endpoint\ndata: /m\n\n"), "the event stream ended"),
    ],
)
def test_a_server_without_a_usable_stream_is_one_line(
    handler: Callable[[], type[Handler]], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(handler()) as url:
        assert main(["--url", f"{url}/sse"]) == 2

    error = capsys.readouterr().err
    assert re.fullmatch(rf"load: {url}/sse: .*{re.escape(reason)}.*\n", error)


def test_the_stateless_era_has_no_event_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:1/sse", "--protocol", "2026-07-28"]) == 2
    assert "HTTP+SSE is older; use streamable HTTP" in capsys.readouterr().err
