"""Lists of tools that are hardly usual JSON reach the client byte by byte, and are counted."""

import sys
from contextlib import closing
from pathlib import Path

import pytest

from proxy.telemetry.catalogue import TOOLS_LISTED
from tests.integration.proxies import running
from tests.integration.sockets import Client, Upstream
from tests.integration.stdio_session import Session

pytestmark = pytest.mark.slow

SERVER = (sys.executable, str(Path(__file__).with_name("listing_server.py")))
LIST = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
OBJECT = b'"inputSchema":{"type":"object"}'
RESULTS = {
    "a member twice": b'{"tools":[{"name":"a","name":"b",%b}],"x":1,"x":2}' % OBJECT,
    "tools twice": b'{"tools":[],"tools":[{"name":"a",%b}]}' % OBJECT,
    "long numbers": b'{"tools":[{"name":"a",%b,"_meta":{"x":[123456789012345678901234567890,'
    b"1.10,-0,1E+2,1e400,0.1000000000000000055511151231257827]}}]}" % OBJECT,
    "escapes": rb'{"tools":[{"name":"\u0061\/\u00e9","description":"\ud83d\ude00\b\u0000",%b}]}'
    % OBJECT,
    "half a pair": rb'{"tools":[{"name":"a","description":"\ud83d",%b}]}' % OBJECT,
    "plain text": '{"tools":[{"name":"é漢😀","description":"\u2028\ufeff\x7f",%b}]}'.encode()
    % OBJECT,
    "spaces": b'\t{ "tools" :\t[ {"name" : "a",%b } ] }  ' % OBJECT,
    "keys in escapes": rb'{"\u0074ools":[],"tools":[{"n\u0061me":"a",%b}]}' % OBJECT,
    "a deep schema": b'{"tools":[{"name":"a","inputSchema":%b1%b}]}' % (b'{"a":' * 90, b"}" * 90),
}
LISTED: dict[str, int] = {}
"""Tools that the proxy counts, if not one."""
SHARED = {
    "half a pair": RESULTS["half a pair"].replace(rb"\ud83d", rb"\ufffd"),
    "spaces": RESULTS["spaces"].strip(),
}
"""What becomes of results of a shared process, whose messages are taken apart for their ids."""


@pytest.mark.parametrize("events", [False, True], ids=["json", "events"])
@pytest.mark.parametrize("kind", RESULTS)
def test_a_list_of_an_http_server_crosses_byte_by_byte(kind: str, events: bool) -> None:
    answer = b'{"jsonrpc": "2.0","id":7,"result":%b}' % RESULTS[kind]
    with (
        closing(Upstream()) as upstream,
        running("--upstream", upstream.url) as proxy,
        closing(Client(proxy.port)) as client,
    ):
        client.post(LIST)
        side = upstream.take()
        if events:
            side.start_events()
            for piece in (b"data: ", answer[:40], answer[40:], b"\n\n"):
                side.chunk(piece)
            side.chunk(b"")
        else:
            side.answer(answer)
        body = client.getresponse().read()
        assert body == (b"data: " + answer + b"\n\n" if events else answer)
        proxy.counted({("tools/list", "ok", "none"): 1})
        assert proxy.value(TOOLS_LISTED.series) == LISTED.get(kind, 1)


@pytest.mark.parametrize("sharing", ["off", "on"])
@pytest.mark.parametrize("kind", RESULTS)
def test_a_list_of_a_stdio_server_crosses_byte_by_byte(kind: str, sharing: str) -> None:
    result = RESULTS[kind]
    crossed = SHARED.get(kind, result) if sharing == "on" else result
    with (
        running("--stdio-sharing", sharing, "--", *SERVER, result.decode("latin-1")) as proxy,
        closing(Session(proxy.port)) as session,
    ):
        session.post(LIST, mcp_session_id=session.name)
        body = session.getresponse().read()
        assert body == b'{"jsonrpc":"2.0","id":7,"result":%b}' % crossed
        proxy.counted({("initialize", "ok", "none"): 1, ("tools/list", "ok", "none"): 1})
        assert proxy.value(TOOLS_LISTED.series) == LISTED.get(kind, 1)
