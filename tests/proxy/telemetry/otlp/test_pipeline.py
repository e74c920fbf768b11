"""Pushing to real collectors: what arrives, and what happens when they are dead or slow."""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp.log_queue import TraceIds
from proxy.telemetry.otlp.pipeline import ExportPipeline
from proxy.telemetry.otlp.retry import JITTER
from proxy.telemetry.otlp.settings import parse
from proxy.telemetry.vocabulary import DropReason, Signal
from tests.proxy.telemetry.otlp.collectors import Inbox, grpc_collector, http_collector
from tests.proxy.telemetry.tracing.span_records import EXCHANGE

NOTHING = ("", "")
LOGS = {"OTEL_LOGS_EXPORTER": "otlp"}
LONG_SECONDS = 20.0
PATIENT_SECONDS = (1 + 2 + 4) * (1 - JITTER)
"""At least that long an exporter pauses between retries when it takes the standard 10 s."""
HOUR = "3600000"
"""In milliseconds: a batch is not sent for its age."""


def call(ledger: Ledger, export: ExportPipeline) -> None:
    """One request, as the dispatcher records it."""
    trace = export.tracer.begin(NOTHING, NOTHING)
    labels = ("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "2025-11-25")
    ledger.record(*labels, 0.5, 0.0001, *trace.exemplar)
    export.tracer.finish(trace, EXCHANGE)
    if export.logs is not None:
        export.logs.put("call", logging.INFO, {}, TraceIds(), time.time_ns())


def play(
    endpoint: str,
    script: Callable[[Ledger, ExportPipeline], Awaitable[None]],
    **environment: str,
) -> Ledger:
    """Run the script on a started export; the ledger counts what was lost."""
    ledger = Ledger("fetch", "stdio")

    async def run() -> None:
        export = ExportPipeline(
            parse({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **environment}), ledger
        )
        export.start()
        await script(ledger, export)

    asyncio.run(run())
    return ledger


def losses(ledger: Ledger) -> dict[tuple[Signal, DropReason], int]:
    return {what: count for what, count in ledger.drops.items() if count}


@contextmanager
def dead_endpoint() -> Iterator[str]:
    """An address where nothing listens, kept from others."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("collector", "environment"),
    [
        (http_collector, {}),
        (http_collector, {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}),
        (http_collector, {"OTEL_EXPORTER_OTLP_COMPRESSION": "deflate"}),
        (grpc_collector, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}),
        (
            grpc_collector,
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
        ),
    ],
)
def test_stopping_pushes_what_is_left_of_all_signals(
    collector: Callable[[], AbstractContextManager[tuple[str, Inbox]]],
    environment: dict[str, str],
) -> None:
    async def script(ledger: Ledger, export: ExportPipeline) -> None:
        for _ in range(3):
            call(ledger, export)
        await export.stop(LONG_SECONDS)

    with collector() as (endpoint, inbox):
        tenant = {"OTEL_EXPORTER_OTLP_HEADERS": "Tenant=a%20b"}
        ledger = play(endpoint, script, **LOGS, **tenant, **environment)
    assert [span.name for span in inbox.spans] == ["tools/call echo"] * 6
    assert [record.event_name for record in inbox.records] == ["call"] * 3
    assert len(inbox.metrics) == 1
    assert all(
        {**headers}.get("tenant", headers.get("Tenant")) == "a b" for headers in inbox.headers
    )
    assert losses(ledger) == {}


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_http_bodies_are_compressed_as_asked(compression: str) -> None:
    async def script(ledger: Ledger, export: ExportPipeline) -> None:
        call(ledger, export)
        await export.stop(LONG_SECONDS)

    with http_collector() as (endpoint, inbox):
        play(endpoint, script, **LOGS, OTEL_EXPORTER_OTLP_COMPRESSION=compression)
    names = [{name.lower(): value for name, value in each.items()} for each in inbox.headers]
    assert [each["content-encoding"] for each in names] == [compression] * 3


def test_metrics_are_pushed_each_interval() -> None:
    with http_collector() as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.metrics) >= 3)
            await export.stop(LONG_SECONDS)

        play(endpoint, script, OTEL_METRIC_EXPORT_INTERVAL="20")


def test_spans_are_pushed_after_the_delay() -> None:
    with http_collector() as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            call(ledger, export)
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.spans) == 2)
            await export.stop(LONG_SECONDS)

        play(endpoint, script, OTEL_BSP_SCHEDULE_DELAY="20")


def test_all_signals_are_pushed_at_once_on_request() -> None:
    with http_collector() as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            call(ledger, export)
            export.force_flush()
            await asyncio.to_thread(
                inbox.wait_for, lambda: bool(inbox.metrics and inbox.logs and inbox.spans)
            )
            await export.stop(LONG_SECONDS)

        delays = ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_BSP_SCHEDULE_DELAY")
        logs = {**LOGS, "OTEL_BLRP_SCHEDULE_DELAY": HOUR}
        play(endpoint, script, **logs, **dict.fromkeys(delays, HOUR))


def test_a_full_batch_does_not_wait_for_the_delay() -> None:
    with http_collector() as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            for _ in range(4):
                call(ledger, export)
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.spans) == 8)
            await export.stop(LONG_SECONDS)

        full = {"OTEL_BSP_SCHEDULE_DELAY": HOUR, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
        play(endpoint, script, **full)
    assert [len(each.resource_spans[0].scope_spans[0].spans) for each in inbox.traces] == [4, 4]


def test_an_endpoint_alone_pushes_no_logs() -> None:
    async def script(ledger: Ledger, export: ExportPipeline) -> None:
        assert export.logs is None
        call(ledger, export)
        await export.stop(LONG_SECONDS)

    with http_collector() as (endpoint, inbox):
        play(endpoint, script)
    assert (len(inbox.traces), inbox.logs) == (1, [])


def test_logs_are_pushed_after_the_delay() -> None:
    with http_collector() as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            call(ledger, export)
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.records) == 1)
            await export.stop(LONG_SECONDS)

        play(endpoint, script, **LOGS, OTEL_BLRP_SCHEDULE_DELAY="20")


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_dead_collector_costs_counted_losses_only(protocol: str) -> None:
    async def script(ledger: Ledger, export: ExportPipeline) -> None:
        call(ledger, export)
        await export.stop(LONG_SECONDS)

    began = time.monotonic()
    with dead_endpoint() as endpoint:
        ledger = play(
            endpoint,
            script,
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
            OTEL_EXPORTER_OTLP_TIMEOUT="300",
            **LOGS,
        )
    assert time.monotonic() - began < PATIENT_SECONDS
    assert losses(ledger) == {
        (Signal.TRACES, DropReason.EXPORT_FAILED): 2,
        (Signal.METRICS, DropReason.EXPORT_FAILED): 1,
        (Signal.LOGS, DropReason.EXPORT_FAILED): 1,
    }


def test_a_collector_that_answers_500_costs_counted_losses_only() -> None:
    async def script(ledger: Ledger, export: ExportPipeline) -> None:
        call(ledger, export)
        await export.stop(LONG_SECONDS)

    with http_collector(500) as (endpoint, inbox):
        ledger = play(endpoint, script)
    assert len(inbox.traces) == 1
    assert losses(ledger) == {
        (Signal.TRACES, DropReason.EXPORT_FAILED): 2,
        (Signal.METRICS, DropReason.EXPORT_FAILED): 1,
    }


def test_pushing_goes_on_after_a_failure() -> None:
    with http_collector(500) as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.metrics) >= 2)
            await export.stop(LONG_SECONDS)

        play(endpoint, script, OTEL_METRIC_EXPORT_INTERVAL="20")


def test_a_collector_that_hangs_never_holds_up_the_loop_or_the_stop() -> None:
    with http_collector(hangs=True) as (endpoint, inbox):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            for _ in range(5):
                call(ledger, export)
            await asyncio.to_thread(inbox.wait_for, lambda: len(inbox.traces) == 1)
            for _ in range(5):
                call(ledger, export)
            began = time.monotonic()
            await export.stop(0.2)
            assert time.monotonic() - began < 5

        ledger = play(
            endpoint,
            script,
            OTEL_BSP_SCHEDULE_DELAY=HOUR,
            OTEL_BSP_MAX_QUEUE_SIZE="10",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="8",
            OTEL_BLRP_SCHEDULE_DELAY=HOUR,
            OTEL_BLRP_MAX_QUEUE_SIZE="7",
            **LOGS,
        )
    assert losses(ledger) == {
        (Signal.TRACES, DropReason.QUEUE_FULL): 2,
        (Signal.TRACES, DropReason.SHUTDOWN): 18,
        (Signal.METRICS, DropReason.SHUTDOWN): 1,
        (Signal.LOGS, DropReason.QUEUE_FULL): 3,
        (Signal.LOGS, DropReason.SHUTDOWN): 7,
    }


def test_the_queue_takes_no_more_than_its_limit_while_the_collector_hangs() -> None:
    with http_collector(hangs=True) as (endpoint, _):

        async def script(ledger: Ledger, export: ExportPipeline) -> None:
            for _ in range(1000):
                call(ledger, export)
            await export.stop(0.05)

        ledger = play(endpoint, script, OTEL_BSP_MAX_QUEUE_SIZE="100")
    assert ledger.drops[Signal.TRACES, DropReason.QUEUE_FULL] == 1900
    assert ledger.drops[Signal.TRACES, DropReason.SHUTDOWN] == 100


def test_without_an_endpoint_nothing_is_started() -> None:
    async def run() -> set[asyncio.Task[object]]:
        export = ExportPipeline(parse({}), Ledger("fetch", "stdio"))
        export.start()
        tasks = asyncio.all_tasks()
        await export.stop(0.1)
        return tasks

    assert len(asyncio.run(run())) == 1


def test_neither_grpc_nor_an_sdk_is_loaded_before_something_is_pushed() -> None:
    script = (
        "import sys, proxy.telemetry.otlp.pipeline, proxy.telemetry.prometheus; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "prometheus_client" in loaded
    assert not loaded & {"opentelemetry", "google", "grpc", "requests", "urllib3"}


def test_a_hanging_collector_does_not_keep_the_process_alive() -> None:
    script = """
import asyncio, sys
from proxy.telemetry.otlp.pipeline import ExportPipeline
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp.settings import parse

async def main():
    settings = parse({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": sys.argv[1]})
    export = ExportPipeline(settings, Ledger("fetch", "stdio"))
    export.start()
    await export.stop(0.2)

asyncio.run(main())
"""
    with http_collector(hangs=True) as (endpoint, _):
        done = subprocess.run([sys.executable, "-c", script, endpoint], timeout=LONG_SECONDS / 2)
    assert done.returncode == 0
