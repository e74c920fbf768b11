"""The proxy's start and end: bad settings, readiness, drain, signals, nothing left behind."""

import json
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from proxy.app.options import OPTIONS
from proxy.http.request_policy import HEAD_LIMIT, HEADERS_LIMIT
from proxy.http.server import RECEIVE_SECONDS
from tests.integration.proxies import DEADLINE_SECONDS, environment, eventually, running
from tests.integration.sockets import TIMEOUT_SECONDS, Client, Upstream, call, read_event, result
from tests.integration.stdio_session import SERVER, Session

pytestmark = pytest.mark.slow

HTTPS = ("--upstream", "https://x/mcp")
OTLP = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x:4318"}
FILE = "OTEL_EXPORTER_OTLP"

BAD_SETTINGS = [
    ((), {}, "--upstream"),
    (("--upstream", "http://u:p@x/"), {}, "--upstream: 'http://...@x/'"),
    (("--nonsense", "--", "true"), {}, "--nonsense"),
    (("--listen", "192.0.2.1:0", "--", "true"), {}, "--listen: cannot listen at '192.0.2.1:0'"),
    ((), {"MCP_PROXY_COMMAND": "not json"}, "MCP_PROXY_COMMAND: this value"),
    (("--", "true"), {"OTEL_TRACES_SAMPLER": "maybe"}, "OTEL_TRACES_SAMPLER: 'maybe'"),
    ((*HTTPS, "--upstream-ca", "/no/such/file"), {}, "--upstream-ca: '/no/such/file'"),
    (HTTPS, {**OTLP, f"{FILE}_CLIENT_KEY": "/none"}, f"{FILE}_CLIENT_KEY: '/none'"),
    ((*HTTPS, "--bearer-token-file", "/none"), {}, "--bearer-token-file: '/none'"),
]


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a proxy that is expected to end by itself."""
    return subprocess.run(
        (sys.executable, "-m", "proxy", *arguments),
        capture_output=True,
        text=True,
        env=environment(**variables),
        timeout=DEADLINE_SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "named"), BAD_SETTINGS, ids=[each[2] for each in BAD_SETTINGS]
)
def test_a_bad_setting_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], variables: dict[str, str], named: str
) -> None:
    ended = run(*arguments, **variables)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1
    assert named in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("flag", ["--listen", "--metrics-listen"])
def test_a_busy_port_is_one_line_and_exit_code_2(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        other = "--listen" if flag == "--metrics-listen" else "--metrics-listen"
        ended = run(flag, address, other, "127.0.0.1:0", "--", "true")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"{flag}: cannot listen at '{address}'" in ended.stderr


def test_help_names_every_option_with_its_default_and_its_variable() -> None:
    shown = run("--help", COLUMNS="200")
    assert (shown.returncode, shown.stderr) == (0, "")
    for option in OPTIONS:
        assert (option.flag or option.variable) in shown.stdout
        assert option.default in shown.stdout
    for limit in (f"{HEAD_LIMIT // 1024} KiB", f"{HEADERS_LIMIT} lines", f"{RECEIVE_SECONDS:g} s"):
        assert limit in shown.stdout


def test_settings_may_come_from_the_environment() -> None:
    command = json.dumps(SERVER)
    with running(MCP_PROXY_COMMAND=command, MCP_PROXY_SERVER_NAME="echo") as proxy:
        session = Session(proxy.port)
        assert session.call("echo")[0] == 200
        assert proxy.value("toolhive_mcp_requests_total", server="echo", transport="stdio") == 2
        session.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::]"])
def test_the_first_line_says_what_to_paste_into_a_client(host: str, upstream: Upstream) -> None:
    url = upstream.url.replace("/mcp", "/v1/tools")
    with running("--listen", f"{host}:0", "--server-name", "s", "--upstream", url) as proxy:
        [ready] = proxy.logged("ready")
        entry = ready["mcp_json"]["mcpServers"]["s"]
        assert entry == {"type": "http", "url": ready["url"]}
        called = urlsplit(entry["url"])
        client = HTTPConnection(called.hostname or "", called.port or 0, timeout=TIMEOUT_SECONDS)
        client.request("GET", called.path)
        side = upstream.accept()
        assert side.request()[0].startswith("GET /v1/tools ")
        side.answer(b"", "405 Method Not Allowed")
        assert client.getresponse().status == 405
        client.close()


def test_it_runs_without_the_other_packages(tmp_path: Path) -> None:
    package = Path(__file__).parents[2] / "proxy"
    # Where the hot modules are compiled, what they share lies beside the package.
    for each in (package, *package.parent.glob("proxy_hot__mypyc.*")):
        (tmp_path / each.name).symlink_to(each)
    shown = subprocess.run(
        (sys.executable, "-P", "-m", "proxy", "--help"),
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        check=False,
    )
    assert shown.returncode == 0


def test_draining_lets_calls_finish_and_turns_new_ones_away(upstream: Upstream) -> None:
    with running("--upstream", upstream.url) as proxy:
        eventually(lambda: proxy.get("/readyz").status_code == 200, "readiness")
        client, other, stream = (Client(proxy.port) for _ in range(3))
        stream.request("GET", "/mcp", headers={"accept": "text/event-stream"})
        listening = upstream.take()
        listening.start_events()
        response = stream.getresponse()
        client.post(call(1))
        side = upstream.take()
        proxy.process.send_signal(signal.SIGTERM)
        eventually(lambda: proxy.get("/readyz").status_code == 503, "the drain")
        other.post(call(2))
        refused = other.getresponse()
        assert (refused.status, refused.getheader("retry-after")) == (503, "5")
        assert json.loads(refused.read())["id"] == 2
        other.post({"id": "server-1", "result": {}})
        note = upstream.take()
        note.answer(b"", "202 Accepted")
        assert other.getresponse().status == 202
        side.answer(json.dumps(result(1)).encode())
        assert client.answer() == (200, result(1))
        assert read_event(response) is None
        assert proxy.ended() == 0
        for each in (client, other, stream):
            each.close()


def test_the_drain_does_not_wait_for_a_call_that_only_a_new_stream_could_answer() -> None:
    upstream = Upstream()
    with running("--upstream", upstream.url) as proxy, Client(proxy.port) as client:
        client.post(call(1), mcp_session_id="s")
        side = upstream.take()
        side.start_events()
        side.chunk(b"id: 1\ndata: \n\n")
        side.chunk(b"")
        assert client.getresponse().read() == b"id: 1\ndata: \n\n"
        proxy.process.send_signal(signal.SIGTERM)
        assert proxy.ended() == 0
        assert proxy.logged("draining")[0]["in_flight"] == 1
    upstream.close()


def test_the_drain_is_bounded(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--drain-timeout", "0.3") as proxy:
        client = Client(proxy.port)
        client.post(call(1))
        upstream.accept().request()
        proxy.process.send_signal(signal.SIGTERM)
        status, answer = client.answer()
        assert (status, answer["id"]) == (503, 1)
        assert proxy.ended() == 0
        client.close()


# A resolver that answers for no name, once it has said so.
RESOLVER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>
typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    if (name && strstr(name, "slow.example") && write(2, "{\"event\":\"asked\"}\n", 18))
        for (;;) pause();
    return ((resolve *)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, found);
}
"""


def test_a_name_that_is_being_resolved_does_not_hold_up_the_end(tmp_path: Path) -> None:
    source, library = tmp_path / "resolver.c", tmp_path / "resolver.so"
    source.write_text(RESOLVER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    with running("--upstream", "http://slow.example/mcp", LD_PRELOAD=str(library)) as proxy:
        eventually(lambda: proxy.logged("asked"), "the question for the name")
        proxy.process.send_signal(signal.SIGTERM)
        assert proxy.ended() == 0


def test_a_second_signal_ends_the_drain(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--drain-timeout", "3600") as proxy:
        client = Client(proxy.port)
        client.post(call(1))
        upstream.accept().request()
        proxy.process.send_signal(signal.SIGTERM)
        eventually(lambda: proxy.logged("draining"), "the drain")
        proxy.process.send_signal(signal.SIGTERM)
        assert proxy.ended() == 0
        client.close()
