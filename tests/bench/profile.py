"""Where the proxy's CPU time goes at saturation, by `perf`, where that is there."""

import re
import shutil
import subprocess
import threading
from pathlib import Path

from tests.bench import load
from tests.bench.saturation import path_of, started
from tests.bench.subjects import Ours, Site

_SHARE = re.compile(r"^ +([\d.]+)% +(\S+)", re.MULTILINE)

# The first that a shared object's name contains says what it is.
_PARTS = {
    "kernel": "kernel: sockets, TCP over loopback, waking the peers",
    "hot__mypyc": "the proxy's compiled modules",
    "python": "the Python interpreter and its objects",
    "loop.": "uvloop",
    "_core": "msgspec",
    "parser.": "httptools",
}
OTHER = "C library and others"


def shares(site: Site, subject: Ours) -> dict[str, float]:
    """Percent of the samples per part; empty without `perf`, or where it may not look."""
    perf = shutil.which("perf")
    if perf is None:
        return {}
    data = site.folder / "perf.data"
    with started(subject, site) as proxy:
        url = f"http://127.0.0.1:{proxy.port}{path_of(subject)}"
        loading = threading.Thread(target=load.run, args=(site.programs, url, site.seconds + 1))
        loading.start()
        command = [perf, "record", "-q", "-e", "cpu-clock", "-F", "2000", "-o", str(data)]
        command += ["-p", str(proxy.process.pid), "sleep", str(site.seconds)]
        subprocess.run(command, capture_output=True, check=False)
        loading.join()
    return read(_reported(perf, data))


def read(report: str) -> dict[str, float]:
    """The shares in what `perf report --sort dso` prints."""
    found: dict[str, float] = {}
    for percent, name in _SHARE.findall(report):
        part = next((part for key, part in _PARTS.items() if key in name), OTHER)
        found[part] = found.get(part, 0.0) + float(percent)
    return found


def _reported(perf: str, data: Path) -> str:
    command = [perf, "report", "-i", str(data), "--sort", "dso", "--stdio"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
