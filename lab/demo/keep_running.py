"""Light traffic and live boards until a signal."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psutil

from lab.demo.endpoints_banner import BaseUrls, endpoints_banner, first_board
from lab.demo.live_traffic import live_traffic
from lab.demo.server_failures import ServerFailures
from lab.faults.changes import FAULTS_FILE
from lab.faults.export import exported
from lab.faults.injector import Injector
from lab.local import programs
from lab.local.pipeline import Pipeline, launch
from lab.local.ports import free_ports
from lab.local.processes import Processes, pause
from lab.local.programs import ProcessSpec
from lab.local.running_demo import Demo, DemoPart, DemoServer, Running, announced
from lab.prometheus_api import OTLP_METRICS_PATH
from lab.signals import Ended
from lab.verify.traffic import Report
from lab.watch.screen import LiveView, is_terminal
from lab.watch.sources import Sources
from proxy.faults.injections import InjectionFile

STEP_SECONDS = 0.5


def up_text(processes: Processes) -> str:
    """How long it took from the start of this program until the pipeline was up."""
    seconds = time.time() - psutil.Process().create_time()
    return f"up in {seconds:.1f} s: all {len(processes.pids)} processes run"


def keep_running(
    pipeline: Pipeline,
    folder: Path,
    report: Report,
    *,
    plain: bool = False,
    remark: str = "",
    on_step: Callable[[], object] = lambda: None,
    injector: Injector | None = None,
) -> None:
    """Print the addresses, then send traffic, inject faults, and call `on_step` after each step.

    On a terminal, unless `plain`, what `lab.watch` shows is shown below them. Raises ProcessFailed
    when a process exits, and LoadFailed when a call fails without a fault.
    """
    preview = _serve_boards(pipeline)
    endpoints = (*pipeline.endpoints, *pipeline.faulty_endpoints)
    faults = folder / FAULTS_FILE
    demo = _demo(pipeline, preview, faults)
    urls = BaseUrls(
        preview.url, demo.prometheus, demo.jaeger, pipeline.push_url, _logs_url(pipeline)
    )
    banner = endpoints_banner(urls, endpoints, pipeline.user_endpoints) + remark
    failures = ServerFailures(pipeline.user_endpoints, folder, report)
    with announced(folder, demo) as running:
        print(banner, flush=True)
        try:
            with ExitStack() as owned:
                show = _view(running, banner, owned, plain=plain)
                step = owned.enter_context(_live(pipeline, faults, report, injector))
                while True:
                    pipeline.processes.check()
                    step()
                    failures.step()
                    on_step()
                    show()
                    pause(STEP_SECONDS)
        except Ended:
            report("\nending")


def _view(running: Running, banner: str, owned: ExitStack, *, plain: bool) -> Callable[[], object]:
    """What shows the present state; nothing where that is not asked for or not possible."""
    if plain or not is_terminal():
        return lambda: None
    sources = owned.enter_context(closing(Sources(running)))
    screen = owned.enter_context(LiveView(banner))
    return lambda: screen.show(sources.snapshot())


@contextmanager
def _live(
    pipeline: Pipeline, faults: Path, report: Report, injector: Injector | None
) -> Iterator[Callable[[], None]]:
    """Send traffic and export the faults; the function that is yielded injects what is due."""
    injector = injector or Injector(pipeline, faults)
    url = f"{pipeline.prometheus.url}{OTLP_METRICS_PATH}"
    with (
        exported(url, InjectionFile(faults).active),
        live_traffic(pipeline.endpoints, pipeline.agent, report, injector.disturbed) as traffic,
    ):

        def step() -> None:
            traffic.check()
            injector.step()

        yield step


def _demo(pipeline: Pipeline, preview: ProcessSpec, faults: Path) -> Demo:
    endpoints = (*pipeline.endpoints, *pipeline.faulty_endpoints, *pipeline.user_endpoints)
    parts = (*pipeline.specs.values(), preview)
    return Demo(
        pipeline.prometheus.url,
        pipeline.jaeger.url,
        pipeline.architecture.name,
        pipeline.specs["collector"].url,
        pipeline.collected,
        tuple(
            DemoServer(
                each.server,
                each.mcp_url,
                each.metrics_url,
                each.transport,
                each in pipeline.user_endpoints,
            )
            for each in endpoints
        ),
        first_board(preview.url),
        tuple(DemoPart(each.name, each.url, each.status) for each in parts),
        str(faults),
    )


def _logs_url(pipeline: Pipeline) -> str:
    return pipeline.logs.url if pipeline.logs else ""


def _serve_boards(pipeline: Pipeline) -> ProcessSpec:
    """Start the preview server, and wait until it is ready."""
    process = programs.preview(free_ports(1)[0], pipeline.prometheus.url, pipeline.jaeger.url)
    launch(process, pipeline.processes)
    return process
