"""CPU time and memory of the processes of a pipeline."""

from collections.abc import Mapping
from contextlib import suppress

import psutil

from lab.local.processes import Processes


class Usage:
    """CPU seconds so far and the peak of resident memory, by the name of the process."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.peak_bytes: dict[str, int] = {}

    def sample(self) -> None:
        """Take note of the memory in use; the kernel keeps no peak of a restarted process."""
        for name, process in self._each().items():
            with suppress(psutil.NoSuchProcess):
                now = process.memory_info().rss
                self.peak_bytes[name] = max(self.peak_bytes.get(name, 0), now)

    def cpu_seconds(self) -> Mapping[str, float]:
        """User and system time of each running process."""
        found = {}
        for name, process in self._each().items():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                found[name] = times.user + times.system
        return found

    def _each(self) -> Mapping[str, psutil.Process]:
        found = {}
        for name, pid in self._processes.pids.items():
            with suppress(psutil.NoSuchProcess):
                found[name] = psutil.Process(pid)
        return found
