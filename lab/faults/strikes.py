"""What is done to the processes of a pipeline, and how it is undone."""

import signal
from contextlib import suppress

import psutil
import requests

from lab.faults.fault import Scene, Step
from lab.pipeline import launch
from lab.processes import pause
from stacks.endpoints import REMOTE_WRITE_PATH

STALL_SECONDS = 1.6
"""Longer than a busy test machine stalls a process by itself."""


def upstream(scene: Scene) -> str:
    """The process of the struck server itself."""
    return f"{scene.front.server}-server"


def proxy(scene: Scene) -> str:
    """The process of the struck server's proxy."""
    return f"proxy-{scene.front.server}"


def hang_upstream(scene: Scene) -> None:
    """The server takes connections, and answers nothing any more."""
    scene.pipeline.parts.send(upstream(scene), signal.SIGSTOP)


def resume_upstream(scene: Scene) -> None:
    scene.pipeline.parts.send(upstream(scene), signal.SIGCONT)


def kill_upstream(scene: Scene) -> None:
    scene.pipeline.parts.end(upstream(scene), signal.SIGKILL)


def restart_upstream(scene: Scene) -> None:
    launch(scene.pipeline.processes[upstream(scene)], scene.pipeline.parts)


def kill_proxy(scene: Scene) -> None:
    scene.pipeline.parts.end(proxy(scene), signal.SIGKILL)


def restart_proxy(scene: Scene) -> None:
    launch(scene.pipeline.processes[proxy(scene)], scene.pipeline.parts)


def bounce_proxy(scene: Scene) -> None:
    """The proxy is killed and started again."""
    kill_proxy(scene)
    restart_proxy(scene)


def kill_children(scene: Scene) -> None:
    """The processes of the struck stdio server are killed, whose sessions then end."""
    with suppress(psutil.NoSuchProcess):
        for supervisor in psutil.Process(scene.pipeline.parts.pids[proxy(scene)]).children():
            for child in supervisor.children():
                child.kill()


def stall_proxy(times: int) -> Step:
    """The proxy gets no CPU for a while, as often: a starved or throttled container."""

    def load(scene: Scene) -> None:
        for _ in range(times):
            scene.pipeline.parts.send(proxy(scene), signal.SIGSTOP)
            try:
                pause(STALL_SECONDS)
            finally:
                scene.pipeline.parts.send(proxy(scene), signal.SIGCONT)
            pause(STALL_SECONDS / 8)

    return load


def end(part: str, number: signal.Signals = signal.SIGTERM) -> Step:
    """A part of the pipeline ends."""
    return lambda scene: scene.pipeline.parts.end(part, number)


def begin(part: str) -> Step:
    """The part starts again, and is ready when the step ends."""
    return lambda scene: launch(scene.pipeline.processes[part], scene.pipeline.parts)


def restart(part: str) -> Step:
    """The part ends and starts again."""

    def strike(scene: Scene) -> None:
        end(part)(scene)
        begin(part)(scene)

    return strike


def write_garbage(scene: Scene) -> None:
    """Somebody writes to Prometheus what it must refuse."""
    url = f"{scene.pipeline.prometheus.url}{REMOTE_WRITE_PATH}"
    with suppress(requests.RequestException), requests.Session() as http:
        http.trust_env = False
        for _ in range(10):
            http.post(url, data=b"garbage", timeout=5)
