"""`python -m tests.bench.demo [--write]`: how soon a demo is up, and how much memory it takes."""

import argparse
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.docs import markdown
from lab.signals import in_child
from lab.watch.sources import memory_bytes
from stacks.architectures import ARCHITECTURES
from tests.bench import machine

PAGE = Path(__file__).parents[2] / "docs" / "architectures.md"
SETTLE_SECONDS = 30
"""Of light traffic before the memory is read."""

MIB = 2**20
_RESULTS = re.compile(r"(<!-- measured: demo -->\n).*?(<!-- end -->)", re.DOTALL)
_UP = re.compile(r"up in ([\d.]+) s")


class Failed(Exception):
    """A demo ended by itself; the text is what it printed."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds until a demo was up, and until its numbers were checked; memory in bytes."""

    architecture: str
    up: float
    checked: float
    memory: int


def measure(architecture: str) -> Cost:
    """Run a demo until its traffic has gone on for a while; raises Failed."""
    began = time.monotonic()
    command = (sys.executable, "-m", "lab.demo", architecture, "--plain")
    print(f"{architecture} ...", file=sys.stderr, flush=True)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=in_child,
    ) as demo:
        try:
            printed = "".join(_until_banner(demo))
            checked = time.monotonic() - began
            time.sleep(SETTLE_SECONDS)
            memory = memory_bytes(demo.pid)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate()
    up = _UP.search(printed)
    if up is None or demo.returncode:
        raise Failed(printed)
    return Cost(architecture, float(up[1]), checked, memory)


def _until_banner(demo: "subprocess.Popen[str]") -> Iterator[str]:
    assert demo.stdout is not None
    for line in demo.stdout:
        yield line
        if "Ctrl-C ends" in line:
            return


def table(costs: Sequence[Cost]) -> str:
    """The results and where they come from, as Markdown."""
    rows = (
        (f"`{each.architecture}`", f"{each.up:.1f} s", f"{each.checked:.0f} s", _mib(each.memory))
        for each in costs
    )
    head = ("architecture", "up after", "checked after", "memory")
    return f"{markdown(head, rows)}\n{machine.describe()}.\n"


def _mib(memory: int) -> str:
    return f"{memory / MIB:.0f} MiB"


def main() -> int:
    """Print the table, or write it into the page; 1 if a demo failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.demo", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"into docs/{PAGE.name}")
    write = parser.parse_args().write
    try:
        text = table([measure(each) for each in ARCHITECTURES])
    except Failed as failed:
        print(f"bench: the demo failed:\n{failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    if write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_RESULTS.sub(lambda each: each[1] + text + each[2], page), encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
