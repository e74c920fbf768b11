"""One MCP server behind the proxy: its telemetry, its upstreams and its dispatcher."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from .. import logs
from ..calls.call_log import CallLog
from ..calls.recorder import CallRecorder
from ..frontend.dispatcher import Dispatcher, Limits
from ..frontend.message_tap import MessageTap, Observe
from ..frontend.payload_log import PayloadLogger, Redactor
from ..http.interfaces import RequestHandler
from ..http.request_policy import RequestInfo
from ..memory_budget import MemoryBudget
from ..telemetry.ledger import Ledger
from ..telemetry.otlp.pipeline import ExportPipeline
from ..tools.tool_lists import ToolLists
from ..transports.processes import Processes
from ..values import Calls
from .server_settings import HttpServer
from .settings import Settings
from .upstream_factory import Upstreams

LOG = logging.getLogger("proxy")

FLUSH_SECONDS = 5.0
"""How long telemetry may take to leave at the end."""

Spawn = Callable[[Coroutine[None, None, None]], object]


class Service:
    """Takes requests by its `receiver`, from the start of a proxy until it is closed."""

    def __init__(
        self,
        settings: Settings,
        memory: MemoryBudget,
        processes: Processes,
        spawn: Spawn,
        principal_of: Callable[[RequestInfo], str] | None,
        observe: Observe | None = None,
    ) -> None:
        """With `observe`, all messages are observed, as clients send and get them."""
        self.settings = settings
        telemetry = settings.telemetry
        http = settings.server if isinstance(settings.server, HttpServer) else None
        self.ledger = Ledger(
            telemetry.server,
            http.transport.value if http else "stdio",
            tool_cap=settings.tool_cap,
            client_cap=settings.client_cap,
            target_cap=settings.target_cap,
            exemplars=telemetry.exemplars,
        )
        address = (http.host, http.port) if http else None
        self._export = ExportPipeline(telemetry, self.ledger, address)
        log = None
        if settings.log_calls is not Calls.NONE:
            log = CallLog(settings.log_calls, telemetry.server, self._export.logs)
        tool_lists = ToolLists(self.ledger, settings.tool_baseline)
        recorder = self._recorder = CallRecorder(self.ledger, self._export.tracer, log, tool_lists)
        upstreams = self._upstreams = Upstreams(
            settings, recorder, memory, processes, spawn, self._set_upstream_up
        )
        self.passes_metadata = upstreams.metadata is not None
        self.replaced = http.replaced if http else frozenset[bytes]()
        self._relay = Dispatcher(
            upstreams.endpoint,
            upstreams.streams,
            recorder,
            self._export.tracer,
            Limits(settings.depth_limit, settings.max_in_flight),
            spawn,
            upstreams.metadata,
            principal_of,
        )
        receiver = self._payload_logger()
        self.receiver = receiver if observe is None else MessageTap(receiver, observe)
        self._up: bool | None = None
        self._quiet = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Service {self._relay!r}>"

    @property
    def obstacle(self) -> str:
        """Why requests would fail now, in one line; "" if they would not."""
        if self._relay.draining:
            return "draining"
        return "" if self.ledger.upstream_up else "the upstream cannot be reached"

    def start(self) -> None:
        """Begin to push telemetry."""
        self._export.start()

    def tick(self, now: float) -> None:
        """Look for what is overdue."""
        self._upstreams.tick(now)
        self._recorder.tasks.tick(now)

    async def watch(self) -> None:
        """Keep `upstream_up`, and so /readyz, true to the facts."""
        while True:
            self._set_upstream_up(await self._upstreams.probe())
            await asyncio.sleep(self.settings.probe_interval)

    async def drain(self) -> None:
        """Refuse new calls, and wait for those in flight, but no longer than the settings allow."""
        logs.event(LOG, "draining", in_flight=self.ledger.in_flight)
        self._relay.draining = True
        self._upstreams.drain()
        self._recorder.on_quiet = self._quiet.set
        if self.ledger.in_flight:
            await within(self.settings.drain_timeout, self._quiet.wait())

    def hurry(self) -> None:
        """Drain no longer."""
        self._quiet.set()

    async def close(self) -> None:
        """Let go of every connection, session and process."""
        await self._upstreams.close()
        self._recorder.tasks.close()

    def force_flush(self) -> None:
        """Push telemetry now, and further at its intervals."""
        self._export.force_flush()

    async def end_export(self) -> None:
        """Push the last telemetry."""
        await self._export.stop(FLUSH_SECONDS)

    def _payload_logger(self) -> RequestHandler:
        settings = self.settings
        if not settings.log_payloads:
            return self._relay
        logs.event(LOG, "payloads are logged", logging.WARNING, characters=settings.log_payloads)
        return PayloadLogger(self._relay, Redactor(settings.log_payloads, settings.redact))

    def _set_upstream_up(self, failure: str) -> None:
        """Take note whether the upstream was reached; `failure` says why not, "" if it was."""
        up = not failure
        if up is self._up:
            return
        self._up = up
        self.ledger.upstream_up = int(up)
        shown = self.settings.server.log_name
        if up:
            logs.event(LOG, "upstream reachable", upstream=shown)
        else:
            logs.event(LOG, "upstream unreachable", logging.WARNING, upstream=shown, reason=failure)


def contained(spawn: Spawn) -> Spawn:
    """Starts tasks that do not end each other: an unexpected error is logged."""

    async def contain(work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:
            LOG.exception("a task has failed")

    return lambda work: spawn(contain(work))


async def within(seconds: float, wait: Coroutine[None, None, object]) -> None:
    """Wait for something, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await wait
    except TimeoutError:
        pass
