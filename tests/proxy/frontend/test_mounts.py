"""Several servers in one process: which one a request is for, and what its policy sees."""

import pytest

from proxy.frontend.mounts import Mounts
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import OPEN_STREAM, POST_MESSAGE, RequestPolicy
from proxy.telemetry.vocabulary import RejectionCause
from tests.proxy.scripted import ScriptedClient

GATE = RequestPolicy(b"/mcp", 1000, loopback=True, passes_metadata=True, port=8080)
NAMES = ("/a", "/b%20c")


class Recorded:
    """A receiver that remembers what it got."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def request(self, client: object, info: object, body: bytes, started: float) -> None:
        self.got.append(info)

    def refuse(self, info: object, rejection: HttpRejection) -> None:
        self.got.append(rejection)


RECEIVERS = {each: Recorded() for each in NAMES}
MOUNTS = Mounts(dict.fromkeys(NAMES, GATE), RECEIVERS)


def head(method: str, target: str, *headers: str) -> bytes:
    lines = "".join(f"{each}\r\n" for each in ("host: localhost", *headers))
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


@pytest.mark.parametrize(
    ("method", "target", "mount", "route"),
    [
        ("POST", "/a/mcp", "/a", "POST"),
        ("POST", "/b%20c/mcp?x=1", "/b%20c", "POST"),
        ("GET", "/a/mcp/", "/a", "GET"),
        ("GET", "/a/sse", "/a", OPEN_STREAM),
        ("POST", "/a/messages?session_id=s", "/a", POST_MESSAGE),
        ("POST", "http://localhost/a/mcp", "/a", "POST"),
        ("GET", "/.well-known/oauth-protected-resource/a/mcp", "/a", "metadata"),
        ("GET", "/a/.well-known/oauth-protected-resource/mcp", "/a", "metadata"),
    ],
)
def test_a_request_is_for_the_server_that_its_path_begins_with(
    method: str, target: str, mount: str, route: str
) -> None:
    info = MOUNTS.evaluate(head(method, target))
    assert info.rejection is None
    assert (info.mount, info.route) == (mount, route)
    MOUNTS.request(ScriptedClient(), info, b"", 0.0)
    assert RECEIVERS[mount].got[-1] is info


def test_a_server_learns_under_which_address_its_client_knows_it() -> None:
    assert MOUNTS.evaluate(head("POST", "/a/mcp")).base == b"http://localhost:8080/a"
    behind = head("POST", "/a/mcp", "x-forwarded-prefix: /p/, /q", "x-forwarded-host: x")
    assert MOUNTS.evaluate(behind).base == b"http://x/p/a"
    assert MOUNTS.evaluate(head("GET", "/a/sse")).messages == b"messages"


@pytest.mark.parametrize("target", ["/", "/mcp", "/a", "/a/", "/c/mcp", "/amcp", "/b c/mcp"])
def test_a_path_of_no_server_gets_404_with_the_paths_of_servers(target: str) -> None:
    if " " in target:
        target = target.replace(" ", "+")
    rejection = MOUNTS.evaluate(head("POST", target)).rejection
    assert rejection is not None
    assert (rejection.status, rejection.cause) == (404, RejectionCause.PATH)
    assert "/mcp" in rejection.reason


def test_other_rules_hold_at_paths_of_no_server_too() -> None:
    info = MOUNTS.evaluate(head("POST", "/c/mcp", "origin: http://evil.example"))
    assert info.rejection is not None
    assert info.rejection.cause is RejectionCause.ORIGIN


def test_a_rejection_counts_for_its_server_and_at_a_path_of_no_server_for_none() -> None:
    receivers = {each: Recorded() for each in NAMES}
    mounts = Mounts(dict.fromkeys(NAMES, GATE), receivers)
    rejection = HttpRejection(RejectionCause.MALFORMED, 400, "")
    mounts.refuse(mounts.evaluate(head("POST", "/c/mcp")), rejection)
    assert [each.got for each in receivers.values()] == [[], []]
    mounts.refuse(mounts.evaluate(head("POST", "/b%20c/mcp")), rejection)
    mounts.refuse(None, rejection)
    assert [each.got for each in receivers.values()] == [[rejection]] * 2
