"""`python -m tests.e2e.process_guard COMMAND ...`: run COMMAND until standard input closes.

The holder of the other end of the pipe owns the command: closing it, exiting and being killed all
close it, so that the command cannot outlive its owner in any case.
"""

from __future__ import annotations

import subprocess
import sys
import threading

GRACE_SECONDS = 10.0


def main(command: list[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_at_eof, args=(child,), daemon=True).start()
    return child.wait()


def _end_at_eof(child: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
