"""The hops of the call itself, each broken in a real pipeline."""

import re
import signal
import time
from dataclasses import replace

import pytest

from lab.doctor.finding import examine
from lab.local.run_options import HTTP_SERVER
from tests.http_edge import Handler, serving
from tests.lab.doctor.conftest import Lab
from tests.proxy.frontend.issuer import AUDIENCE, ISSUER, document, public, token
from tests.waiting import until

pytestmark = pytest.mark.slow

CLOSED = "http://127.0.0.1:1"
SERVER = f"{HTTP_SERVER}-server"


@pytest.mark.parametrize(
    ("hops", "hop", "words"),
    [
        ({"mcp": f"{CLOSED}/mcp"}, "client to proxy", "start the proxy, or correct the port"),
        ({"mcp": "PATH"}, "client to proxy", "HTTP 404"),
        ({"mcp": "TLS"}, "client to proxy", "write http:// instead"),
        ({"metrics": f"{CLOSED}/metrics"}, "counted by the proxy", "--metrics-listen"),
        ({"metrics": "OTHER"}, "counted by the proxy", "of the same proxy"),
        ({"metrics": "PROMETHEUS"}, "counted by the proxy", "of this project's proxy"),
        ({"server": "another"}, "counted by the proxy", "its --server-name as --server"),
    ],
)
def test_an_address_that_is_wrong_is_the_hop_that_is_named(
    pushed: Lab, hops: dict[str, str], hop: str, words: str
) -> None:
    theirs = pushed.hops
    known = {
        "PATH": theirs.mcp.replace("/mcp", "/other"),
        "TLS": theirs.mcp.replace("http:", "https:"),
        "OTHER": pushed.pipeline.endpoints[1].metrics_url,
        "PROMETHEUS": f"{theirs.prometheus}/metrics",
    }
    lost, text = pushed.lost(**{name: known.get(url, url) for name, url in hops.items()})

    assert lost == hop
    assert words in text


def test_a_server_that_is_down(pushed: Lab) -> None:
    with pushed.stopped(SERVER):
        hop, text = pushed.lost()

    assert hop == "proxy to server"
    assert "the upstream cannot be reached" in text


def test_a_server_that_hangs(pushed: Lab) -> None:
    processes = pushed.pipeline.processes
    processes.send(SERVER, signal.SIGSTOP)
    try:
        hop, text = pushed.lost()
    finally:
        processes.send(SERVER, signal.SIGCONT)

    assert hop == "proxy to server"
    assert "the upstream did not answer in time" in text


def test_a_proxy_that_asks_for_a_token(pushed: Lab) -> None:
    token = "0123456789abcdef"
    with pushed.with_variables(MCP_PROXY_BEARER_TOKEN=token):
        hop, text = pushed.lost()
        findings = list(examine(replace(pushed.hops, token=token)))

    assert hop == "client to proxy"
    assert "by --token" in text
    assert findings[1].fix == ""


def test_a_name_that_only_looks_like_the_servers(pushed: Lab) -> None:
    with pushed.with_variables(OTEL_SERVICE_NAME="me\u0301te\u0301o"):
        hop, text = pushed.lost(server="m\u00e9t\u00e9o")

    assert hop == "counted by the proxy"
    assert r"'m\xe9t\xe9o'" in text
    assert r"'me\u0301te\u0301o'" in text


def test_a_token_that_has_expired(pushed: Lab) -> None:
    keys = document(public("RS256"))
    valid, expired = (token(exp=time.time() + each).decode() for each in (3600, -3600))

    class Keys(Handler):
        def do_GET(self) -> None:
            self.answer(200, keys)

    def is_taken() -> bool:
        return next(examine(replace(pushed.hops, token=valid))).fix == ""

    with serving(Keys) as url:
        jwt = {"KEYS_URL": url, "ISSUER": ISSUER, "AUDIENCE": AUDIENCE}
        with pushed.with_variables(**{f"MCP_PROXY_JWT_{name}": each for name, each in jwt.items()}):
            until(is_taken, seconds=30, what="the proxy has the issuer's keys")
            hop, text = pushed.lost(token=expired)

    assert hop == "client to proxy"
    assert "the bearer token has expired" in text
    assert re.search(r"the token expired 36\d\d s ago", text)
    assert "get a new token from the issuer" in text


def test_a_server_that_asks_for_a_token(pushed: Lab) -> None:
    class Closed(Handler):
        def do_POST(self) -> None:
            self.answer(401, "expired", headers={"WWW-Authenticate": "Bearer"})

    with serving(Closed) as url, pushed.with_variables(MCP_PROXY_UPSTREAM=f"{url}/mcp"):
        hop, text = pushed.lost()

    assert hop == "proxy to server"
    assert "the server asks for a token" in text
