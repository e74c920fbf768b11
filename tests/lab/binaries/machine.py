"""A machine with scripted binaries, on which tools are found and built."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from lab.binaries.catalogue import TOOLS
from lab.binaries.find import cache_folder, ensure, find

ROOT = Path(__file__).resolve().parents[3]
ETCD = TOOLS["etcd"]
PATIENCE_SECONDS = 30

GO = """#!/bin/sh
[ "$1" = env ] && echo go1.26.8 && exit 0
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"
echo build >> {folder}/builds
{act}
echo 'echo etcd Version: 3.6.6' >> "$2"
/bin/chmod +x "$2"
"""
BLOCK = "exec 3> {folder}/started; echo >&3; read line < {folder}/gate"
COMPILE = "exec 3> {folder}/started; echo >&3; /bin/sh -c 'read line < {folder}/gate'; :"
FAIL = "echo 'go: no such module'; exit 1"


class Machine:
    """A machine with a private PATH, an empty cache and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environ = {"PATH": str(self.bin), "XDG_CACHE_HOME": str(folder / "cache")}
        self.cache = cache_folder(self.environ)
        self.reported: list[str] = []
        os.mkfifo(folder / "gate")
        os.mkfifo(folder / "started")
        self.started = os.open(folder / "started", os.O_RDONLY | os.O_NONBLOCK)

    def put(self, command: str, output: str, *, into: Path | None = None) -> Path:
        return self.script((into or self.bin) / command, f"#!/bin/sh\necho '{output}'\n")

    def put_go(self, act: str = ":") -> None:
        self.script(
            self.bin / "go", GO.format(folder=self.folder, act=act.format(folder=self.folder))
        )

    def script(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def find(self, name: str) -> Path | None:
        return find(name, self.environ, progress=self.reported.append)

    def ensure(self, *names: str) -> dict[str, Path]:
        return ensure(names, environ=self.environ, progress=self.reported.append)

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "lab.tools", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background would hand its ignored SIGINT down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def await_build(self) -> None:
        """Return when the scripted go has written half a binary and blocks."""
        assert self._read_started() == b"\n"

    def await_end_of_go(self) -> None:
        """Return when the scripted go, which holds its end of the pipe, is gone."""
        assert self._read_started() == b""

    def open_gate(self) -> None:
        (self.folder / "gate").write_text("go on\n")

    def builds(self) -> int:
        return len((self.folder / "builds").read_text().splitlines())

    def leftovers(self) -> list[str]:
        """List what is in the cache beside locks and logs."""
        paths = self.cache.rglob("*")
        return [path.name for path in paths if path.suffix not in {".lock", ".log"}]

    def _read_started(self) -> bytes:
        ready, _, _ = select.select([self.started], [], [], PATIENCE_SECONDS)
        assert ready, "the scripted go did not answer in time"
        return os.read(self.started, 10)
