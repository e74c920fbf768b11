"""Which of the user's servers fail, by the logs of their proxies."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.local.processes import LOG_LINE_LENGTH
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.verify.traffic import Report


@dataclass(slots=True)
class _Log:
    """A proxy's log as far as it is read, and the last line of its server's stderr."""

    path: Path
    read: int = 0
    stderr: str = ""

    def failures(self) -> Iterable[str]:
        """Why the server failed, each time that it did since the last call."""
        with self.path.open("rb") as log:
            log.seek(self.read)
            lines = log.readlines()
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self.read += len(line)
            yield from self._failure(_fields(line))

    def _failure(self, fields: dict[str, Any]) -> Iterable[str]:
        if fields.get("event") == "child stderr":
            self.stderr = fields["line"][:LOG_LINE_LENGTH]
        elif fields.get("event") == "upstream unreachable":
            yield fields["reason"] + (f"; its stderr: {self.stderr}" if self.stderr else "")


class ServerFailures:
    """Reports each server once it cannot be reached or started, and again if it could meanwhile."""

    def __init__(self, endpoints: Iterable[ProxyEndpoint], folder: Path, report: Report) -> None:
        self._logs = {each.server: _Log(folder / f"{each.pod}.log") for each in endpoints}
        self._report = report

    def step(self) -> None:
        """Report what is new in the logs."""
        for server, log in self._logs.items():
            for reason in log.failures():
                self._report(f"{server} does not work: {reason}")


def _fields(line: bytes) -> dict[str, Any]:
    """The fields of an event; none of a line that is not one, such as a traceback's."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
