"""`python -m stacks.commands.forward STACK`: all port-forwards of a stack at once, until Ctrl-C.

A forward whose pod goes away is opened again. Each has the port that the outputs name, or another
one if that is taken.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from stacks.commands import outputs, stack_file
from stacks.commands.local_files import LocalFiles, root_of_checkout
from stacks.commands.outputs import Forward
from stacks.commands.passphrase import ask_passphrase
from stacks.commands.programs import Programs, exit_code

_LOOPBACK = "127.0.0.1"
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
# After these kubectl may go on running, but no connection succeeds any more.
_BROKEN = ("lost connection to pod", "an error occurred forwarding")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def main(arguments: Sequence[str], environ: Mapping[str, str], root: Path) -> int:
    """Forward until the user ends it; the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    file = stack_file.read(root, arguments[0])
    programs = Programs(root, {**environ, **LocalFiles(root).variables(environ, file)})
    programs.require("pulumi", "kubectl")
    ask_passphrase(programs, file)
    found = outputs.read(programs, arguments[0])
    if password := found.get("grafanaPassword"):
        print(f"Grafana's user is admin, its password: {password}", flush=True)
    asyncio.run(_forward_all([*outputs.forwards(found)], programs))
    return 0


async def _forward_all(wanted: Sequence[Forward], programs: Programs) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(ending, ended.set)
    taken: set[int] = set()
    tasks = []
    for each in wanted:
        port = _free_port(each.local_port, taken)
        taken.add(port)
        tasks.append(asyncio.create_task(_keep(each, port, programs)))
    await ended.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _free_port(wanted: int, taken: set[int]) -> int:
    """The port that is wanted, or one that is free."""
    for candidate in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_LOOPBACK, candidate))
            port: int = probe.getsockname()[1]
            if port not in taken:
                return port
    return wanted


async def _keep(forward: Forward, port: int, programs: Programs) -> None:
    """Run kubectl, again whenever it ends, with longer pauses while it does not succeed."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        connected, reason = await _run_once(forward, port, programs)
        pause = _FIRST_PAUSE_SECONDS if connected else min(2 * pause, _LONGEST_PAUSE_SECONDS)
        _say(forward, f"{reason}; trying again in {pause:g} s")
        await asyncio.sleep(pause)


async def _run_once(forward: Forward, port: int, programs: Programs) -> tuple[bool, str]:
    """Whether a connection was made, and what ended it."""
    process = await asyncio.create_subprocess_exec(
        *forward.command,
        f"{port}:{forward.port}",
        cwd=programs.folder,
        env=programs.environ,
        # Ctrl-C of the terminal is for us; we end it.
        start_new_session=True,
        preexec_fn=_end_with_parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    connected, reason = False, "kubectl ended"
    try:
        assert process.stdout
        async for line in process.stdout:
            text = line.decode(errors="replace").strip()
            if text.startswith("Forwarding from"):
                if not connected:
                    _say(forward, f"http://{_LOOPBACK}:{port}{forward.path}")
                connected = True
            elif not text.startswith("Handling connection"):
                reason = text or reason
            if any(each in text for each in _BROKEN):
                break
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return connected, reason


def _end_with_parent() -> None:
    """Run in kubectl before it starts: on Linux it ends even if we are killed by SIGKILL."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _say(forward: Forward, text: str) -> None:
    print(f"{forward.name}: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(exit_code("forward", lambda: main(sys.argv[1:], os.environ, root_of_checkout())))
