"""Several servers in one process: which one a request is for, and what its gate sees."""

import pytest

from proxy.frontend.mounts import Mounts
from proxy.http.rejection import Refusal
from proxy.http.request_policy import OPEN_STREAM, TAKE_MESSAGE, Gate
from proxy.telemetry.vocabulary import Cause
from tests.proxy.scripted import ScriptedClient

GATE = Gate(b"/mcp", 1000, loopback=True, passes_metadata=True, port=8080)
NAMES = ("/a", "/b%20c")


class Recorded:
    """A receiver that remembers what it got."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def request(self, client: object, arrival: object, body: bytes, started: float) -> None:
        self.got.append(arrival)

    def refuse(self, arrival: object, refusal: Refusal) -> None:
        self.got.append(refusal)


RECEIVERS = {each: Recorded() for each in NAMES}
MOUNTS = Mounts(dict.fromkeys(NAMES, GATE), RECEIVERS)


def head(method: str, target: str, *headers: str) -> bytes:
    lines = "".join(f"{each}\r\n" for each in ("host: localhost", *headers))
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


@pytest.mark.parametrize(
    ("method", "target", "mount", "errand"),
    [
        ("POST", "/a/mcp", "/a", "POST"),
        ("POST", "/b%20c/mcp?x=1", "/b%20c", "POST"),
        ("GET", "/a/mcp/", "/a", "GET"),
        ("GET", "/a/sse", "/a", OPEN_STREAM),
        ("POST", "/a/messages?session_id=s", "/a", TAKE_MESSAGE),
        ("POST", "http://localhost/a/mcp", "/a", "POST"),
        ("GET", "/.well-known/oauth-protected-resource/a/mcp", "/a", "metadata"),
        ("GET", "/a/.well-known/oauth-protected-resource/mcp", "/a", "metadata"),
    ],
)
def test_a_request_is_for_the_server_that_its_path_begins_with(
    method: str, target: str, mount: str, errand: str
) -> None:
    arrival = MOUNTS.arrive(head(method, target))
    assert arrival.refusal is None
    assert (arrival.mount, arrival.errand) == (mount, errand)
    MOUNTS.request(ScriptedClient(), arrival, b"", 0.0)
    assert RECEIVERS[mount].got[-1] is arrival


def test_a_server_learns_under_which_address_its_client_knows_it() -> None:
    assert MOUNTS.arrive(head("POST", "/a/mcp")).base == b"http://localhost:8080/a"
    behind = head("POST", "/a/mcp", "x-forwarded-prefix: /p/, /q", "x-forwarded-host: x")
    assert MOUNTS.arrive(behind).base == b"http://x/p/a"
    assert MOUNTS.arrive(head("GET", "/a/sse")).messages == b"messages"


@pytest.mark.parametrize("target", ["/", "/mcp", "/a", "/a/", "/c/mcp", "/amcp", "/b c/mcp"])
def test_a_path_of_no_server_is_refused_and_told_where_they_are(target: str) -> None:
    if " " in target:
        target = target.replace(" ", "+")
    refusal = MOUNTS.arrive(head("POST", target)).refusal
    assert refusal is not None
    assert (refusal.status, refusal.cause) == (404, Cause.PATH)
    assert "/mcp" in refusal.reason


def test_other_rules_hold_at_paths_of_no_server_too() -> None:
    arrival = MOUNTS.arrive(head("POST", "/c/mcp", "origin: http://evil.example"))
    assert arrival.refusal is not None
    assert arrival.refusal.cause is Cause.ORIGIN
    MOUNTS.refuse(None, arrival.refusal)
    MOUNTS.refuse(arrival, arrival.refusal)
    assert RECEIVERS["/a"].got[-2:] == [arrival.refusal] * 2
