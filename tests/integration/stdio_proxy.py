"""Proxies that an SDK's client starts itself, one for each session, on stdin and stdout."""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import requests
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

from lab.local.ports import free_ports
from tests.integration.proxies import RunningProxy, environment

ROOT = Path(__file__).parents[2]


class StdioProxies(RunningProxy):
    """All of them together: outcomes are of all; other values of the last, at its end too."""

    def __init__(self, *arguments: str) -> None:
        (port,) = free_ports(1)
        self.metrics = f"127.0.0.1:{port}"
        self.arguments = ("-m", "proxy", "--stdio", "--metrics-listen", self.metrics, *arguments)
        self.parameters = StdioServerParameters(
            command=sys.executable, args=[*self.arguments], env=environment(), cwd=ROOT
        )
        self._ended: Counter[tuple[str, str, str]] = Counter()
        self._last: requests.Response | None = None
        self._live = False

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[tuple[Any, Any]]:
        """Start a proxy: the streams of a client. It must end as soon as they are closed."""
        with tempfile.TemporaryFile("w+") as log:
            async with stdio_client(self.parameters, errlog=log) as streams:
                self._live = True
                try:
                    yield cast(tuple[Any, Any], streams)
                finally:
                    self._last = self.get("/metrics")
                    self._live = False
                    self._ended.update(super().outcomes())
            log.seek(0)
            events = [json.loads(line)["event"] for line in log]
        assert (events[-1], events.count("draining")) == ("stopped", 1), events

    def get(self, path: str) -> requests.Response:
        if self._live or self._last is None:
            return super().get(path)
        return self._last

    def outcomes(self) -> dict[tuple[str, str, str], int]:
        return dict(self._ended + Counter(super().outcomes())) if self._live else dict(self._ended)
