"""Build a tool into the cache: once, even if several runs ask for it at the same time."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab.binaries.tool import Tool, Version, version_in
from lab.signals import blocked, in_child

Progress = Callable[[str], None]

HEARTBEAT_SECONDS = 30
OUTPUT_SECONDS = 20


class NotBuilt(Exception):
    """A tool could not be built; one line says why."""


def build(tool: Tool, cache: Path, *, environ: Mapping[str, str], progress: Progress) -> Path:
    """Return the tool's binary in the cache, built by this run or by another that held the lock.

    Needs a Go on PATH that is as new as `tool.oldest_go`.
    """
    binary = tool.binary(cache)
    with _locked(tool, cache, progress=progress):
        if not binary.exists():
            _sweep(tool, cache)
            _compile(tool, binary, environ=environ, progress=progress)
    return binary


def output_of(
    binary: Path, arguments: tuple[str, ...], *, environ: Mapping[str, str]
) -> str | None:
    """Return what a program prints, standard error included, or None when it fails."""
    try:
        done = subprocess.run(
            [binary, *arguments],
            env={**environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=OUTPUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def duration(seconds: int) -> str:
    return f"about {round(seconds / 60)} min" if seconds >= 90 else f"about {seconds} s"


def go_version(environ: Mapping[str, str]) -> Version:
    """Return the version of the Go on PATH, or () without one."""
    go = shutil.which("go", path=environ.get("PATH", ""))
    return (
        version_in(output_of(Path(go), ("env", "GOVERSION"), environ=environ) or "") if go else ()
    )


@contextmanager
def _locked(tool: Tool, cache: Path, *, progress: Progress) -> Iterator[None]:
    with _opened(cache / f"{tool.name}.lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another run that is building {tool.name}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise NotBuilt(f"the cache cannot be written: {error}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sweep(tool: Tool, cache: Path) -> None:
    """Remove the leftovers of killed runs; the caller holds the lock."""
    # By the digest, since the name of another tool may begin with this one's.
    for stale in cache.glob(f"{tool.name}-{'[0-9a-f]' * 12}.*.partial"):
        shutil.rmtree(stale, ignore_errors=True)


def _compile(tool: Tool, binary: Path, *, environ: Mapping[str, str], progress: Progress) -> None:
    cache = binary.parent.parent
    log = cache / f"{tool.name}.log"
    # A killed `go` leaves its work folder of some hundred megabytes; ours is removed by _sweep.
    partial = cache / f"{binary.parent.name}.{os.getpid()}.partial"
    partial.mkdir()
    settings = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = ["go", "build", *tool.flags, "-o", str(partial / binary.name), tool.package]
    progress(f"building {tool.name} ({duration(tool.seconds)} the first time)")
    started = time.monotonic()

    def heartbeat() -> None:
        progress(f"still building {tool.name}, {time.monotonic() - started:.0f} s so far")

    try:
        code = _run(
            command,
            tool.folder,
            environ={**environ, **settings, "GOTMPDIR": str(partial)},
            log=log,
            heartbeat=heartbeat,
        )
        if code != 0:
            raise NotBuilt(f"go build ended with {code}: {_last_line(log)} (all of it: {log})")
        binary.parent.mkdir(exist_ok=True)
        (partial / binary.name).replace(binary)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    progress(f"built {tool.name} in {time.monotonic() - started:.0f} s")


def _run(
    command: list[str],
    folder: Path,
    *,
    environ: Mapping[str, str],
    log: Path,
    heartbeat: Callable[[], None],
) -> int:
    """Run a command with its output in the log; it ends with this call, or with this process."""
    with ExitStack() as owned:
        with log.open("wb") as output, blocked():
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=in_child,
            )
            owned.callback(_end, process)
        while True:
            try:
                return process.wait(timeout=HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                heartbeat()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "no output")
