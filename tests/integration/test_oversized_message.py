"""Messages of servers over --message-limit: refused one by one where the proxy has to hold them."""

from collections.abc import Iterator

import pytest

from tests.integration.proxies import RunningProxy, eventually
from tests.integration.sessions import CLIENTS, SERVERS, Sse, before
from tests.integration.sockets import call

pytestmark = pytest.mark.slow

LIMIT = 1_000_000
LONG = LIMIT + 100_000
PASSING = (("streamable", "streamable HTTP"), ("modern", "modern streamable HTTP"))
"""Where bytes pass as they are, whatever their number."""


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, RunningProxy]]:
    with before(request.param, "--message-limit", str(LIMIT)) as proxy:
        yield request.param, proxy


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_over_the_limit_fails_its_call_alone(
    server: tuple[str, RunningProxy], client: str
) -> None:
    name, proxy = server
    session, other = (CLIENTS[client](proxy.port) for _ in range(2))
    answer = session.ask(call(1, "huge", arguments={"bytes": LONG}))
    if (client, name) in PASSING:
        assert len(answer["result"]["text"]) == LONG
    else:
        assert isinstance(session, Sse) or session.status == 502
        assert f"--message-limit is {LIMIT}" in answer["error"]["message"]
        reason = answer["error"]["message"]
        eventually(
            lambda: reason in [each["reason"] for each in proxy.logged("message not delivered")],
            "its line in the log",
        )
    for each in (session, other):
        assert each.ask(call(2))["result"]
        each.close()
