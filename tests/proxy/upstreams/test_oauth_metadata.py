"""Which addresses in challenges and documents of a server become the proxy's, and which do not."""

import json
from urllib.parse import urlsplit

import pytest

from proxy.http.request_policy import RequestInfo, RequestPolicy
from proxy.upstreams.oauth_metadata import ResourceMetadata

GATE = RequestPolicy(path=b"/mcp", body_limit=1000, loopback=False, passes_metadata=True, port=8080)
SERVER = ResourceMetadata(urlsplit("http://127.0.0.1:9000/mcp"))
AT = "/.well-known/oauth-protected-resource"


def info(start: str = "POST /mcp", *lines: str) -> RequestInfo:
    head = "\r\n".join((f"{start} HTTP/1.1", "host: a.example:81", *lines, "", ""))
    return GATE.evaluate(head.encode())


def challenged(named: str, *lines: str) -> str:
    """The URL that a challenge names to a client, of the one that the server names."""
    head = f'HTTP/1.1 401 X\r\nwww-authenticate: Bearer a="b", resource_metadata={named}, c=d\r\n'
    challenge = SERVER.challenge(head.encode(), info("POST /mcp", *lines)).decode()
    before, _, rest = challenge.partition("resource_metadata=")
    assert before == head.partition("resource_metadata=")[0]
    assert rest.endswith(", c=d\r\n")
    return rest.removesuffix(", c=d\r\n").strip('"')


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
@pytest.mark.parametrize("suffix", ["", "/mcp", "/other"])
def test_a_challenge_of_the_servers_own_address_leads_to_the_proxy(
    quote: str, host: str, suffix: str
) -> None:
    named = f"{quote}http://{host}:9000{AT}{suffix}{quote}"
    assert challenged(named) == f"http://a.example:81{AT}{suffix}"


@pytest.mark.parametrize(
    "named",
    [
        f"https://127.0.0.1:9000{AT}", f"http://127.0.0.1{AT}", f"https://mcp.example{AT}/mcp",
        "http://127.0.0.1:99999/", "http://[/", "nothing",
    ],
)  # fmt: skip
def test_a_challenge_of_another_address_stays(named: str) -> None:
    assert challenged(f'"{named}"') == named


@pytest.mark.parametrize(
    ("lines", "base"),
    [
        (["x-forwarded-proto: https"], "https://a.example:81"),
        (["x-forwarded-proto: https, http", "x-forwarded-host: b.example, c"], "https://b.example"),
        (["x-forwarded-prefix: /tools/"], "http://a.example:81/tools"),
    ],
)
def test_the_base_address_is_the_one_that_reverse_proxies_forward(
    lines: list[str], base: str
) -> None:
    assert challenged(f'"http://localhost:9000{AT}/mcp"', *lines) == f"{base}{AT}/mcp"


@pytest.mark.parametrize(
    "line", ['x-forwarded-host: a"b', "x-forwarded-prefix: //evil", "x-forwarded-prefix: a, b c"]
)
def test_an_invalid_forwarded_address_is_ignored(line: str) -> None:
    named = f"http://localhost:9000{AT}"
    resource_metadata = challenged(f'"{named}"', line)
    assert resource_metadata in (named, f"http://a.example:81{AT}")
    assert "evil" not in resource_metadata


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("localhost", b"http://localhost:8080"), ("[::1]", b"http://[::1]:8080"),
        ("localhost:1", b"http://localhost:1"), ("a.example", b"http://a.example"),
    ],
)  # fmt: skip
def test_a_client_of_this_machine_need_not_name_the_port(host: str, base: bytes) -> None:
    assert GATE.evaluate(f"POST /mcp HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()).base == base


@pytest.mark.parametrize(
    ("asked", "resource", "resource_metadata"),
    [
        (AT, "http://127.0.0.1:9000/mcp", "http://a.example:81/mcp"),
        (f"{AT}/mcp", "http://127.0.0.1:9000/mcp/", "http://a.example:81/mcp"),
        (f"{AT}/sse", "http://127.0.0.1:9000/mcp", "http://a.example:81/sse"),
        (AT, "http://127.0.0.1:9000/other", "http://a.example:81/other"),
        (AT, "https://mcp.example/mcp", "https://mcp.example/mcp"),
    ],
)
def test_a_document_names_the_address_that_the_client_used(
    asked: str, resource: str, resource_metadata: str
) -> None:
    body = json.dumps({"resource": resource, "authorization_servers": ["http://127.0.0.1:9000"]})
    found = json.loads(SERVER.document(body.encode(), info(f"GET {asked}")))
    assert found == {
        "resource": resource_metadata,
        "authorization_servers": ["http://127.0.0.1:9000"],
    }


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"no", b'{"resource":7}', b'{"resource":"\xc3\xa4"}']
)
def test_what_is_no_such_document_stays(body: bytes) -> None:
    assert SERVER.document(body, info(f"GET {AT}")) == body


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        (AT, AT), (f"{AT}/mcp", f"{AT}/v1/mcp"), (f"{AT}/sse", f"{AT}/v1/mcp"),
        (f"{AT}/mcp/", f"{AT}/v1/mcp"), (f"{AT}/x", f"{AT}/x"),
        ("/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server"),
        ("/.well-known/openid-configuration/mcp", "/.well-known/openid-configuration/v1/mcp"),
    ],
)  # fmt: skip
def test_a_document_is_asked_for_where_the_server_has_it(asked: str, target: str) -> None:
    server = ResourceMetadata(urlsplit("http://127.0.0.1:9000/v1/mcp"))
    assert server.target(info(f"GET {asked}")) == target.encode()


@pytest.mark.parametrize("path", [f"{AT}x", "/.well-known/other", "/x" + AT])
def test_nothing_else_is_asked_for(path: str) -> None:
    rejection = info(f"GET {path}").rejection
    assert rejection is not None
    assert rejection.status == 404
