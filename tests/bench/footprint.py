"""What the proxy takes besides CPU time: memory per session, time to start, size on disk."""

import importlib.metadata
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from tests.bench import machine, ours
from tests.bench.saturation import started
from tests.bench.subjects import HTTP, OFF, Ours, Pair, Site

SESSIONS = 10_000
STARTS = 5
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Idle:
    """Memory of a proxy with so many idle sessions, in bytes, beside without any."""

    sessions: int
    before: int
    after: int

    @property
    def each(self) -> float:
        """Bytes per session."""
        return (self.after - self.before) / self.sessions


_SESSIONS_OF_ITS_OWN = Pair(
    "HTTP to HTTP", lambda site, _: ("--upstream", f"{site.upstream_url}/session")
)


def idle_sessions(site: Site) -> Idle:
    """Open sessions, each on a connection that its client then closes."""
    with started(Ours(_SESSIONS_OF_ITS_OWN, OFF), site) as proxy:
        proxy.sessions(100, "/session")
        before = machine.memory(proxy.process.pid)
        proxy.sessions(SESSIONS, "/session")
        return Idle(SESSIONS, before, machine.memory(proxy.process.pid))


def connected_sessions(site: Site) -> Idle:
    """Open sessions whose clients stay connected."""
    most = Pair(
        HTTP.name,
        lambda site, _: (
            *("--upstream", f"{site.upstream_url}/session"),
            *("--max-connections", str(SESSIONS + 200), "--connection-idle", "3600"),
        ),
    )
    with started(Ours(most, OFF), site) as proxy, ExitStack() as clients:
        proxy.sessions(100, "/session")
        before = machine.memory(proxy.process.pid)
        for _ in range(SESSIONS):
            client = HTTPConnection("127.0.0.1", proxy.port)
            clients.enter_context(closing(client))
            ours.open_session(client, "/session")
        return Idle(SESSIONS, before, machine.memory(proxy.process.pid))


def start_seconds(site: Site) -> float:
    """From the start of the process to its line that says it is ready; the median."""
    found = []
    for _ in range(STARTS):
        with started(Ours(HTTP, OFF), site) as proxy:
            found.append(proxy.start_seconds)
    return median(found)


def packages_bytes() -> int:
    """The proxy's packages as one compressed archive, as a layer of an image holds them."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=6) as tar:
        for name in _REQUIREMENT.findall((ours.ROOT / "requirements-proxy.txt").read_text()):
            for path in _files(name):
                tar.add(path, recursive=False)
        tar.add(ours.ROOT / "proxy")
    return len(archive.getbuffer())


def _files(distribution: str) -> Iterator[Path]:
    for file in importlib.metadata.files(distribution) or ():
        path = Path(str(file.locate()))
        if path.is_file() and path.suffix != ".pyc":
            yield path
