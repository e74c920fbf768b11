"""MCP calls through the proxies of a pipeline: a fixed number, or light traffic without end."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from lab.load.client import HUNDRED, Client, LoadFailed, ServerLost
from lab.load.light_traffic import light_traffic
from lab.local.pipeline import Pipeline
from lab.local.processes import Processes
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.verify.reconciliation import Counts

EXIT_SECONDS = 1.0

Report = Callable[[str], None]
"""Shows one line to the user."""


def send_calls(pipeline: Pipeline) -> Counts:
    """Send a hundred calls through every proxy and count them by outcome.

    Raises ProcessFailed when a process has exited, and LoadFailed when a call has no response or
    an unexpected outcome.
    """
    sent = {}
    for endpoint in pipeline.endpoints:
        with (
            _attributed(pipeline.processes, endpoint),
            Client(endpoint.mcp_url, pipeline.agent) as client,
        ):
            client.request("tools/list", {})  # as agents do; tools that are listed have series
            outcomes = Counter(client.call(call) for call in HUNDRED)
            sent[endpoint.server] = {str(outcome): count for outcome, count in outcomes.items()}
    return sent


def background_traffic(pipeline: Pipeline, report: Report) -> Generator[None]:
    """Light traffic through every proxy, one step of each per `next`; closing it ends the sessions.

    Raises as `send_calls` does, but reports a lost session while all processes are running.
    """
    with ExitStack() as owned:
        traffic = [
            (endpoint, owned.enter_context(closing(_light_traffic(pipeline, endpoint, report))))
            for endpoint in pipeline.endpoints
        ]
        while True:
            for endpoint, each in traffic:
                with _attributed(pipeline.processes, endpoint):
                    next(each)
            yield


def _light_traffic(pipeline: Pipeline, endpoint: ProxyEndpoint, report: Report) -> Generator[None]:
    def on_lost(why: ServerLost) -> None:
        _check_exited(pipeline.processes)
        report(f"{endpoint.server}: session lost: {why}; opening a new one")

    return light_traffic(endpoint.mcp_url, on_lost, pipeline.agent)


@contextmanager
def _attributed(processes: Processes, endpoint: ProxyEndpoint) -> Iterator[None]:
    """Turn LoadFailed into ProcessFailed if a process has exited; else add the server's name."""
    try:
        yield
    except LoadFailed as failed:
        _check_exited(processes)
        raise LoadFailed(f"{endpoint.server}: {failed}; see the log of its proxy") from failed


def _check_exited(processes: Processes) -> None:
    """Raise ProcessFailed if a process exits within EXIT_SECONDS."""
    with suppress(TimeoutError):
        processes.wait("a process exits", lambda: None, EXIT_SECONDS)
