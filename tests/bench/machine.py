"""The machine that numbers were measured on, and what its processes used."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """CPU model, cores, kernel, Python and load, in one line."""
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name"))
    load = os.getloadavg()[0]
    return (
        f"{model}, {len(cores())} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load average {load:.2f} before the start"
    )


def cores() -> list[int]:
    """The cores this process may run on."""
    return sorted(os.sched_getaffinity(0))


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_seconds(core: int) -> float:
    """Time that a core has had nothing to do (proc(5): idle and iowait of /proc/stat)."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line.split() for line in lines if line.startswith(f"cpu{core} "))
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes of a process that are in memory (proc(5): VmRSS)."""
    return _status(pid, "VmRSS")


def peak_memory(pid: int) -> int:
    """The most bytes of a process that ever were in memory (proc(5): VmHWM)."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    value = next(line for line in lines if line.startswith(f"{field}:"))
    return int(value.split()[1]) * 1024
