"""Light traffic and live boards until a signal."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from lab.demo.endpoints_banner import BaseUrls, endpoints_banner
from lab.local import programs
from lab.local.pipeline import Pipeline, launch
from lab.local.ports import free_ports
from lab.local.processes import pause
from lab.local.running_demo import Demo, DemoServer, announced
from lab.signals import Ended
from lab.verify.traffic import Report, background_traffic

STEP_SECONDS = 0.5


def keep_running(
    pipeline: Pipeline,
    folder: Path,
    report: Report,
    *,
    remark: str = "",
    on_step: Callable[[], object] = lambda: None,
) -> None:
    """Print the addresses, then send light traffic and call `on_step` after each step."""
    prometheus, jaeger = pipeline.prometheus.url, pipeline.jaeger.url
    endpoints = (*pipeline.endpoints, *pipeline.faulty_endpoints)
    logs = pipeline.logs.url if pipeline.logs else ""
    with announced(folder, _demo(pipeline)):
        urls = BaseUrls(_serve_boards(pipeline), prometheus, jaeger, pipeline.push_url, logs)
        print(endpoints_banner(urls, endpoints, pipeline.user_endpoints) + remark, flush=True)
        try:
            with closing(background_traffic(pipeline, report)) as traffic:
                while True:
                    next(traffic)
                    pipeline.processes.check()
                    on_step()
                    pause(STEP_SECONDS)
        except Ended:
            report("\nending")


def _demo(pipeline: Pipeline) -> Demo:
    endpoints = (*pipeline.endpoints, *pipeline.faulty_endpoints, *pipeline.user_endpoints)
    return Demo(
        pipeline.prometheus.url,
        pipeline.jaeger.url,
        pipeline.architecture.name,
        pipeline.specs["collector"].url,
        pipeline.collected,
        tuple(DemoServer(each.server, each.mcp_url, each.metrics_url) for each in endpoints),
    )


def _serve_boards(pipeline: Pipeline) -> str:
    """Start the preview server; returns its URL once it is ready."""
    process = programs.preview(free_ports(1)[0], pipeline.prometheus.url, pipeline.jaeger.url)
    launch(process, pipeline.processes)
    return process.url
