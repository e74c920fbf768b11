"""Watch a pipeline: when increments and traces can be queried."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import aiohttp
import msgspec

from lab.compare.calls import ANSWERED, Calls
from lab.compare.samples import Poll
from lab.load.http import http_session
from lab.local.pipeline import Pipeline
from lab.verify.reconciliation import outcomes_query
from proxy.jsonrpc.methods import TOOLS_CALL
from stacks.charts import Namespace

POLL_SECONDS = 0.1
TRACE_POLL_SECONDS = 0.2
TIMEOUT_SECONDS = 2.0

YOUNGEST_SECONDS = 0.1
"""No trace is asked for earlier: it cannot have arrived."""
MOST_ASKED = 12
"""Of the newest and of the older traces that are asked for in one poll."""

_Poll = Callable[[aiohttp.ClientSession], Awaitable[None]]

COUNTED = outcomes_query(Namespace.SERVERS.value)


class Observer:
    """Polls Prometheus and Jaeger directly, beside all links that may be cut."""

    def __init__(self, pipeline: Pipeline, calls: Calls) -> None:
        self._query = f"{pipeline.prometheus.url}/api/v1/query"
        self._traces = f"{pipeline.jaeger.url}/api/traces/"
        self._calls = calls
        self._next_older = 0
        self.polls: list[Poll] = []
        """The increments that Prometheus returned, of all answered calls."""
        self.trace_waits: list[float] = []
        """Seconds from the end of sampled calls until their traces could be queried."""

    async def run(self) -> None:
        """Poll until cancelled."""
        async with http_session(connections=4) as http, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every(POLL_SECONDS, self._poll_metrics, http))
            tasks.create_task(self._every(TRACE_POLL_SECONDS, self._poll_traces, http))

    async def _every(self, seconds: float, poll: _Poll, http: aiohttp.ClientSession) -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await poll(http)
            await asyncio.sleep(seconds)

    async def _poll_metrics(self, http: aiohttp.ClientSession) -> None:
        async with http.get(self._query, params={"query": COUNTED}) as response:
            response.raise_for_status()
            found = msgspec.json.decode(await response.read())["data"]["result"]
        values = [
            float(each["value"][1]) for each in found if each["metric"]["outcome"] in ANSWERED
        ]
        if values:
            self.polls.append(Poll(time.time(), sum(values)))

    async def _poll_traces(self, http: aiohttp.ClientSession) -> None:
        for sent, trace in self._asked(time.time()):
            if (ended := await self._ended(http, trace)) is not None:
                self.trace_waits.append(max(0.0, time.time() - ended))
                self._calls.unseen.remove((sent, trace))

    def _asked(self, now: float) -> Sequence[tuple[float, str]]:
        """The newest of the traces not seen yet, and the next of the others in turn."""
        due = [each for each in self._calls.unseen if each[0] < now - YOUNGEST_SECONDS]
        older, newest = due[:-MOST_ASKED], due[-MOST_ASKED:]
        if self._next_older >= len(older):
            self._next_older = 0
        following = list(islice(older, self._next_older, self._next_older + MOST_ASKED))
        self._next_older += MOST_ASKED
        return (*following, *newest)

    async def _ended(self, http: aiohttp.ClientSession, trace: str) -> float | None:
        """When the call of a trace ended by the proxy's span; None if Jaeger has none."""
        async with http.get(f"{self._traces}{trace}") as response:
            content = await response.read()
            if response.status != 200:
                return None
        for found in msgspec.json.decode(content)["data"]:
            for span in found["spans"]:
                if _is_call(span):
                    return float(span["startTime"] + span["duration"]) / 1e6
        return None


def _is_call(span: Mapping[str, Any]) -> bool:
    """Whether this is the SERVER span of a tool call."""
    tags = {each["key"]: each["value"] for each in span["tags"]}
    return tags.get("span.kind") == "server" and tags.get("mcp.method.name") == TOOLS_CALL
