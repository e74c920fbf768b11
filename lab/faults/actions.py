"""Ways to break the processes of a pipeline, and to restore them."""

import signal
from contextlib import suppress

import psutil
import requests

from lab.faults.fault import FaultContext
from lab.local.pipeline import launch
from lab.local.processes import pause
from stacks.endpoints import REMOTE_WRITE_PATH

STALL_SECONDS = 1.6
"""Longer than a busy test machine stalls a process by itself."""


def _server(context: FaultContext) -> str:
    return f"{context.server}-server"


def _proxy(context: FaultContext) -> str:
    return f"proxy-{context.server}"


def hang_server(context: FaultContext) -> None:
    """The server accepts connections but does not answer."""
    context.pipeline.processes.send(_server(context), signal.SIGSTOP)


def resume_server(context: FaultContext) -> None:
    context.pipeline.processes.send(_server(context), signal.SIGCONT)


def kill_server(context: FaultContext) -> None:
    context.pipeline.processes.stop(_server(context), signal.SIGKILL)


def start_server(context: FaultContext) -> None:
    _launch(context, _server(context))


def kill_proxy(context: FaultContext) -> None:
    context.pipeline.processes.stop(_proxy(context), signal.SIGKILL)


def restart_proxy(context: FaultContext) -> None:
    kill_proxy(context)
    _launch(context, _proxy(context))


def kill_children(context: FaultContext) -> None:
    """Kill the processes of the stdio server, which ends their sessions."""
    with suppress(psutil.NoSuchProcess):
        proxy = psutil.Process(context.pipeline.processes.pids[_proxy(context)])
        for supervisor in proxy.children():
            for child in supervisor.children():
                child.kill()


def stall_proxy(context: FaultContext) -> None:
    """Stop and continue the proxy repeatedly, as a starved or throttled container is."""
    for _ in range(3):
        context.pipeline.processes.send(_proxy(context), signal.SIGSTOP)
        try:
            pause(STALL_SECONDS)
        finally:
            context.pipeline.processes.send(_proxy(context), signal.SIGCONT)
        pause(STALL_SECONDS / 8)


def restart_prometheus(context: FaultContext) -> None:
    context.pipeline.processes.stop("prometheus")
    _launch(context, "prometheus")


def write_garbage(context: FaultContext) -> None:
    """Send Prometheus remote writes that it must reject."""
    url = f"{context.pipeline.prometheus.url}{REMOTE_WRITE_PATH}"
    with suppress(requests.RequestException), requests.Session() as http:
        http.trust_env = False
        for _ in range(10):
            http.post(url, data=b"garbage", timeout=5)


def _launch(context: FaultContext, name: str) -> None:
    launch(context.pipeline.specs[name], context.pipeline.processes)
