"""Light traffic in threads: failures end it only where no fault accounts for them."""

from lab.demo.live_traffic import LiveTraffic, live_traffic
from lab.load.client import LoadFailed
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.tracing import UNTRACED
from tests.lab.load.echo import echo
from tests.waiting import until

GONE = ProxyEndpoint("gone", "stdio", "gone-0", "127.0.0.1:1", "127.0.0.1:1")


def endpoint(address: str) -> ProxyEndpoint:
    return ProxyEndpoint("there", "streamable-http", "there-0", address, address)


def ended(traffic: LiveTraffic) -> bool:
    """Whether `check` raises."""
    try:
        traffic.check()
    except LoadFailed as failed:
        return str(failed).startswith("gone: POST ") and str(failed).endswith("log of its proxy")
    return False


def test_a_failed_call_is_raised_with_the_servers_name() -> None:
    with live_traffic((GONE,), UNTRACED, print, lambda: False) as traffic:
        until(lambda: ended(traffic), seconds=30, what="the failure")


def test_a_server_that_fails_by_a_fault_keeps_no_other_from_its_traffic() -> None:
    reported: list[str] = []
    disturbed: list[bool] = []

    def noted() -> bool:
        disturbed.append(True)
        return True

    with echo() as address:
        both = (GONE, endpoint(address))
        with live_traffic(both, UNTRACED, reported.append, noted) as traffic:
            until(lambda: len(disturbed) > 2, seconds=30, what="several attempts")
            traffic.check()
    assert reported == []
