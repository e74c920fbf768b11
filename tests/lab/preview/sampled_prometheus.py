"""A real Prometheus with a few samples made up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.binaries.find import ensure
from lab.local.ports import free_ports
from lab.local.processes import Command, Processes
from lab.prometheus_api import Prometheus, Unreachable

END = 1_700_000_000
HOSTILE = 'a"}) or vector(1)#<img src=x onerror=alert(1)>'
"""The name of a server that would end PromQL, HTML and JavaScript if it were let."""

SERVERS = ("a", "b", HOSTILE)
_READY_SECONDS = 30.0


def samples() -> str:
    """Ten minutes of servers: counters that grow by 1, 2, 3 per second, an age of one, `up`."""
    moments = range(END - 600, END + 1, 10)
    lines = ["# TYPE calls counter"]
    for rate, server in enumerate(SERVERS, start=1):
        label = server.replace('"', r"\"")
        lines += [f'calls_total{{server="{label}"}} {rate * (t - END + 600)} {t}' for t in moments]
    lines.append("# TYPE age_seconds gauge")
    lines += [f'age_seconds{{server="a"}} 7.5 {t}' for t in moments]
    lines.append("# TYPE up gauge")
    for server in SERVERS:
        label = server.replace('"', r"\"")
        lines += [f'up{{server="{label}"}} 1 {t}' for t in moments]
    return "\n".join([*lines, "# EOF", ""])


@contextmanager
def sampled_prometheus(folder: Path) -> Iterator[str]:
    """The URL of a Prometheus that has the samples, and keeps its files in the folder."""
    tools = ensure(("prometheus", "promtool"), environ=os.environ)
    (folder / "samples").write_text(samples())
    (folder / "prometheus.yaml").write_text("{}\n")
    blocks = ("tsdb", "create-blocks-from", "openmetrics", "samples", "data")
    subprocess.run((tools["promtool"], *blocks), cwd=folder, check=True, capture_output=True)
    address = f"127.0.0.1:{free_ports(1)[0]}"
    arguments = (
        str(tools["prometheus"]),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    )
    prometheus = Prometheus(f"http://{address}")

    def ready() -> bool | None:
        try:
            return bool(prometheus.query("up", at=END)) or None
        except Unreachable:
            return None

    with Processes(folder) as processes:
        part = processes.start(Command("prometheus", arguments, dict(os.environ)))
        processes.wait_ready(part, ready, _READY_SECONDS)
        yield prometheus.url
