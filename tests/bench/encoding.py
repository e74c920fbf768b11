"""`python -m tests.bench.encoding`: CPU time of what is pushed, by us and by the official encoder.

Both encode the same calls in the same process, in turn, so the ratio holds where times do not.
"""

import sys
import time
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource

from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp.encoder import Envelope
from proxy.telemetry.tracing.spans import SpanEncoder, SpanRecord
from proxy.telemetry.tracing.trace import Trace
from tests.bench import machine
from tests.proxy.telemetry.otlp.official import SpanBuilder

CALLS = 256
ROUNDS = 15
ADDRESS = ("127.0.0.1", 9000)
RESOURCE = {"service.name": "fetch", "service.namespace": "mcp-servers"}
SESSION = "s" * 32
CLIENT = ClientInfo("agent", "2.1.0")
TOOLS = (1, 20, 200)


def calls() -> list[tuple[Trace, SpanRecord, int]]:
    """A batch of sampled tool calls, as one session makes them."""
    labels = ("tools/call", "echo", "2025-11-25", Outcome.OK, Fault.NONE, "", "", 200)
    return [
        (
            Trace(number << 64 | 1, number, number << 32, True, "", "", None, None),
            SpanRecord(*labels, str(number), SESSION, CLIENT, "", 0.5, (0.1, 0.4)),
            time.time_ns(),
        )
        for number in range(1, CALLS + 1)
    ]


def ledger_of(tools: int) -> Ledger:
    """A ledger with a success and a failure of so many tools."""
    ledger = Ledger("fetch", "streamable-http", tool_cap=tools)
    for number in range(tools):
        call = ("tools/call", f"tool-{number}", "POST", 200)
        failed = (Outcome.TOOL_ERROR, Fault.SERVER, "tool_error", "2025-11-25")
        ledger.record(*call, Outcome.OK, Fault.NONE, "", "2025-11-25", 0.005, 0.00005)
        ledger.record(*call, *failed, 0.005, 0.00005)
    return ledger


def cpu_seconds(*works: Callable[[], object]) -> list[float]:
    """The least CPU time that each took, run in turn."""
    least = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            began = time.process_time()
            work()
            least[place] = min(least[place], time.process_time() - began)
    return least


def main() -> int:
    """Print the machine and a line for each thing measured."""
    batch, envelope = calls(), Envelope(RESOURCE)
    ours = SpanEncoder(ledger_of(1), ADDRESS)
    theirs = SpanBuilder(ledger_of(1), Resource(RESOURCE), ADDRESS)

    def officially() -> bytes:
        spans = [span for call in batch for span in theirs.build(*call)]
        return bytes(encode_spans(spans).SerializeToString())

    def directly() -> bytes:
        return envelope.traces([ours.encode(*call) for call in batch])

    official, direct = cpu_seconds(officially, directly)
    print(machine.describe())
    per_span = 1e6 / (2 * CALLS)
    print(f"a span by SDK and official encoder: {official * per_span:.1f} us")
    print(f"a span by the proxy: {direct * per_span:.1f} us, {official / direct:.0f} times less")
    for tools in TOOLS:
        ledger = ledger_of(tools)
        (push,) = cpu_seconds(lambda: envelope.metrics(ledger))  # noqa: B023  # called at once
        print(f"a push of metrics with {tools} tools: {push * 1e3:.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
