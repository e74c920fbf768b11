"""What the proxy's own process uses, read from Linux's /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")

# Position of starttime, the 22nd field of /proc/self/stat, counted after the command's ")".
_START_FIELD = 19


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """CPU time since the process started, and what it holds now."""

    cpu_seconds: float
    resident_bytes: int
    open_files: int
    start_unix_seconds: float


def read(proc: Path = _PROC) -> ProcessUse | None:
    """The process's use now; None where there is no /proc, as on macOS, or no file can be opened.

    Clients may have taken all descriptors; a scrape then still shows the rest.
    """
    try:
        pages = int((proc / "self/statm").read_text().split()[1])
        start_ticks = int((proc / "self/stat").read_text().rpartition(")")[2].split()[_START_FIELD])
        open_files = len(os.listdir(proc / "self/fd"))
        boot = _boot_seconds((proc / "stat").read_text())
    except OSError:
        return None
    return ProcessUse(
        cpu_seconds=time.process_time(),
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        open_files=open_files,
        start_unix_seconds=boot + start_ticks / os.sysconf("SC_CLK_TCK"),
    )


def _boot_seconds(stat: str) -> float:
    """When the machine started (the line `btime` of /proc/stat), in seconds since the epoch."""
    return float(next(line.split()[1] for line in stat.splitlines() if line.startswith("btime ")))
