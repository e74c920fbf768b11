"""One tool call through a proxy, and the trace that it leaves."""

import secrets
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dashboards.cli_text import one_line
from lab.jaeger_api import Jaeger
from lab.load.client import Client, outcome_of
from lab.preview.as_text import waterfall
from lab.preview.traces import Trace
from lab.prometheus_api import Unreachable
from lab.text_table import aligned
from lab.tracing import Context, Json, OnResponse, Tracing, ignore
from proxy.jsonrpc.methods import TOOLS_CALL

CLIENT = "workshop"
"""The client's name, by which its calls are counted."""

TEXT_WIDTH = 70
"""How much of a result's text is shown, in characters."""

TRACE_SECONDS = 20.0
"""How long a trace may take to be stored."""
_COMPLETE_SECONDS = 1.5
"""Without a new span for so long, a trace is complete: its services export each second."""
_POLL_SECONDS = 0.2


class NoTrace(Exception):
    """The trace of a call is not stored; one line."""


@dataclass(slots=True)
class SampledCalls(Tracing):
    """Gives each tool call a trace id of its own, marked as sampled; `trace_id` is the last."""

    trace_id: str = ""

    @contextmanager
    def client_span(
        self, request: Json, url: str, session: str
    ) -> Iterator[tuple[Context, OnResponse]]:
        if request["method"] != TOOLS_CALL:
            yield {}, ignore
            return
        self.trace_id = secrets.token_hex(16)
        yield {"traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01"}, ignore


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome and the text of the last of some equal calls, and its trace."""

    outcome: str
    text: str
    trace_id: str


def send(
    url: str,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    times: int = 1,
    every: float = 0.0,
    client: str = CLIENT,
) -> Answered:
    """Call a tool so many times in one session, with so many seconds between two calls.

    Raises LoadFailed for a call without a response.
    """
    calls = SampledCalls()
    with Client(url, calls, client) as session:
        for number in range(times):
            time.sleep(every if number else 0.0)
            response = session.request(TOOLS_CALL, {"name": tool, "arguments": arguments})
    return Answered(str(outcome_of(response)), _text(response), calls.trace_id)


def _text(response: Json) -> str:
    """The beginning of a tool's text, or of the message of an error."""
    if "error" in response:
        text = str(response["error"]["message"])
    else:
        parts = response["result"].get("content", ())
        text = " ".join(str(each.get("text", f"({each.get('type')})")) for each in parts)
    return textwrap.shorten(one_line(text), TEXT_WIDTH, placeholder=" ...")


def stored_trace(jaeger: Jaeger, trace_id: str, seconds: float = TRACE_SECONDS) -> Trace:
    """The trace once no more spans arrive; raises NoTrace after so many seconds without one."""
    end, trace, since = time.monotonic() + seconds, Trace(()), 0.0
    while time.monotonic() < end:
        with suppress(Unreachable):  # An unknown trace is one, too.
            found = Trace(jaeger.trace(trace_id))
            if len(found.spans) > len(trace.spans):
                trace, since = found, time.monotonic()
        if trace.spans and time.monotonic() - since > _COMPLETE_SECONDS:
            return trace
        time.sleep(_POLL_SECONDS)
    raise NoTrace(f"trace {trace_id} is not in {jaeger.url} after {seconds:g} s")


def shown(trace: Trace) -> list[str]:
    """A trace, a line for each span."""
    return aligned(list(waterfall(trace)))
