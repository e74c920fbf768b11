"""One server, put together from settings: what is counted of it as a whole."""

import pytest

from proxy.app.options import MIB
from proxy.app.settings import parse
from proxy.app.upstream_factory import Upstreams
from proxy.memory_budget import MemoryBudget
from proxy.telemetry.vocabulary import TransportState
from proxy.transports.processes import Processes
from tests.proxy.scripted import ScriptedClient, client_request, recorder

INITIALIZE = b'{"id":1,"method":"initialize"}'


@pytest.mark.parametrize("server", [("--upstream", "http://127.0.0.1:1/sse"), ("--", "sh")])
def test_what_a_scrape_reads_of_the_links_is_never_half_counted(server: tuple[str, ...]) -> None:
    """A scrape runs in a thread of its own: what it has in its hands does not change any more."""
    transport = ("--upstream-transport", "sse") if server[0] == "--upstream" else ()
    counts = recorder()
    upstreams = Upstreams(
        parse((*transport, *server), {}),
        counts,
        MemoryBudget(MIB),
        Processes(),
        lambda task: task.close(),
        lambda failure: None,
    )
    upstreams.endpoint.post(client_request(ScriptedClient(), INITIALIZE))
    upstreams.tick(0.0)
    scraped = counts.ledger.transports
    assert scraped == {TransportState.OPENING: 1, TransportState.OPEN: 0, TransportState.CLOSING: 0}
    upstreams.endpoint.post(client_request(ScriptedClient(), INITIALIZE))
    upstreams.tick(1.0)
    assert scraped[TransportState.OPENING] == 1
    assert counts.ledger.transports[TransportState.OPENING] == 2
