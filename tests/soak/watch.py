"""A process watched while it works: memory, descriptors and children, as a curve and a verdict."""

import time
from dataclasses import dataclass
from statistics import median
from threading import Event, Thread

import psutil

MIB = 1024 * 1024
TOLERANCE = 0.10
"""How much more memory than at the start may be in use at the end."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a proxy used at one moment; `children` are a stdio server's, not who starts them."""

    seconds: float
    memory: int
    descriptors: int
    children: int


class Watch:
    """Samples a process every `period` seconds until it is stopped."""

    def __init__(self, pid: int, period: float = 0.5) -> None:
        self.samples: list[Sample] = []
        self._process = psutil.Process(pid)
        self._began = time.monotonic()
        self._period = period
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def now(self) -> Sample:
        """The process as it is."""
        return Sample(
            time.monotonic() - self._began,
            self._process.memory_info().rss,
            self._process.num_fds(),
            len(self._process.children(recursive=True)) - len(self._process.children()),
        )

    def stop(self) -> None:
        """Sample no more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._period):
            self.samples.append(self.now())


def curve(samples: list[Sample], rows: int = 20) -> str:
    """At most about `rows` of the samples, with a bar for the memory."""
    step = max(1, len(samples) // rows)
    most = max((each.memory for each in samples), default=1)
    lines = ["seconds  memory MiB  descriptors  children"]
    for each in samples[::step]:
        bar = "#" * round(40 * each.memory / most)
        lines.append(
            f"{each.seconds:7.0f} {each.memory / MIB:11.1f} {each.descriptors:12d}"
            f" {each.children:9d}  {bar}"
        )
    return "\n".join(lines)


def complaints(start: Sample, busy: list[Sample], end: Sample) -> list[str]:
    """Why the curve is not flat; empty if it is.

    `start` is after the warm-up, `busy` while the traffic went on, `end` once all of it is over.
    While it goes on, the last third of the memory may not lie above the second by more than the
    tolerance: what only grows has not found its level.
    """
    found = []
    if end.memory > start.memory * (1 + TOLERANCE):
        found.append(f"memory: {start.memory / MIB:.1f} MiB became {end.memory / MIB:.1f} MiB")
    third = len(busy) // 3
    if third:
        before, after = (
            median(each.memory for each in part)
            for part in (busy[third : 2 * third], busy[2 * third :])
        )
        if after > before * (1 + TOLERANCE):
            found.append(f"memory still grows: {before / MIB:.1f}, then {after / MIB:.1f} MiB")
    if end.descriptors > start.descriptors:
        found.append(f"descriptors: {start.descriptors} became {end.descriptors}")
    if end.children:
        found.append(f"children: {end.children} are left")
    return found
