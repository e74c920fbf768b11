"""The two terminals of a participant: one runs a command until Ctrl-C, one runs one after another.

What a block prints is compared as doctest compares: `...` stands for anything, and white space
counts once. A line of `...` stands for any lines, or none.
"""

import doctest
import os
import queue
import re
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lab.workshop.page import Block, Section
from tests import make
from tests.lab.demo.demos import Demo, started
from tests.waiting import NeverHappened, until

ROOT = Path(__file__).parents[3]
BLOCK_SECONDS = 120.0
REPEAT_SECONDS = 150.0
_RULES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

BACKGROUND, FAILS, REPEAT, KIND = "background", "fails", "repeat", "kind"
"""How the commands of a block are run: in the first terminal until Ctrl-C; with an exit code other
than 0; again until they print what follows; on a cluster only."""
WORDS = frozenset({BACKGROUND, FAILS, REPEAT, KIND})


def fits(expected: str, printed: str) -> bool:
    expected = re.sub(r"(?:^|\n)\.\.\.\n", "...", expected)
    return doctest.OutputChecker().check_output(expected, printed, _RULES)


class Shell:
    """A bash in which blocks run one after another, as they are typed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def run(self, commands: str) -> tuple[int, str]:
        """The exit code of the first command that fails, or 0, and everything that was printed."""
        mark = uuid.uuid4().hex
        assert self._process.stdin is not None
        self._process.stdin.write(
            f"code=0; trap '[ $code -ne 0 ] || code=$?' ERR\n{commands}\n"
            f"trap - ERR; printf '\\n%s %d\\n' {mark} $code\n"
        )
        self._process.stdin.flush()
        deadline, printed = time.monotonic() + BLOCK_SECONDS, ""
        while True:
            try:
                line = self._lines.get(timeout=deadline - time.monotonic())
            except (queue.Empty, ValueError):
                raise AssertionError(f"does not end: {commands}\n{printed}") from None
            if line.startswith(mark):
                return int(line.split()[1]), printed.removesuffix("\n")
            printed += line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)


@contextmanager
def shell() -> Iterator[Shell]:
    with subprocess.Popen(
        ("bash", "--norc"),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=make.environment(),
        start_new_session=True,
    ) as process:
        try:
            yield Shell(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


class Participant:
    """Does what the page says, and asserts that what it shows is printed."""

    def __init__(self, second: Shell) -> None:
        self._second = second
        self._first = ExitStack()

    def follow(self, section: Section) -> None:
        """Run the section's blocks in order; a block of text is what the one before it prints."""
        blocks = section.blocks
        for block, after in zip(blocks, (*blocks[1:], None), strict=True):
            if block.language == "sh" and KIND not in block.words:
                shown = after.text if after is not None and after.language == "text" else None
                self._run(block, shown)

    def type(self, command: str) -> tuple[int, str]:
        """The exit code and output of a command in the second terminal."""
        return self._second.run(command)

    def leave(self) -> None:
        """Press Ctrl-C in the first terminal, if something runs there, and see that it ends all."""
        self._first.close()

    def _run(self, block: Block, shown: str | None) -> None:
        if BACKGROUND in block.words:
            self.leave()
            self._start(block.text, shown or "")
        elif REPEAT in block.words and shown is not None:
            self._repeat(block, shown)
        else:
            _check(block, *self._second.run(block.text), shown)

    def _start(self, command: str, shown: str) -> None:
        running = self._first.enter_context(started(("bash", "-c", command), None, {}))
        self._first.callback(_interrupt, running)
        anywhere = f"...\n{shown}...\n"
        running.until_printed(lambda: fits(anywhere, running.output()), shown)

    def _repeat(self, block: Block, shown: str) -> None:
        """Repeat the block until it prints what is shown; the last time is checked."""
        last = 0, ""

        def fitting() -> bool:
            nonlocal last
            last = self._second.run(block.text)
            return fits(shown, last[1])

        with suppress(NeverHappened):
            until(fitting, seconds=REPEAT_SECONDS)
        _check(block, *last, shown)


def _interrupt(running: Demo) -> None:
    os.killpg(running.process.pid, signal.SIGINT)
    running.ended()
    assert "Traceback" not in running.output(), running.output()


def _check(block: Block, code: int, printed: str, shown: str | None) -> None:
    assert (code != 0) == (FAILS in block.words), f"{block.text}exit code {code}\n{printed}"
    assert shown is None or fits(shown, printed), f"{block.text}printed\n{printed}not\n{shown}"
