"""A client for the query API of VictoriaLogs."""

import json
from collections.abc import Mapping

import requests

from dashboards.cli_text import cause
from lab.prometheus_api import TIMEOUT_SECONDS, Unreachable

Record = Mapping[str, str]
"""A log record: field -> value. `_msg` is the body, `_time` when it was written."""


class VictoriaLogs:
    """The API that answers queries in LogsQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def __repr__(self) -> str:
        return f"VictoriaLogs({self.url})"

    def records(self, query: str, limit: int) -> tuple[Record, ...]:
        """The newest records that a query selects. Raises Unreachable, also for a wrong query."""
        asked = {"query": query, "limit": str(limit)}
        try:
            response = self._http.post(
                f"{self.url}/select/logsql/query", data=asked, timeout=TIMEOUT_SECONDS
            )
            if response.status_code != 200:
                raise Unreachable(f"{self.url}: {response.text.strip()[:300]}")
            return tuple(map(json.loads, response.text.splitlines()))
        except (requests.RequestException, ValueError) as wrong:
            raise Unreachable(
                f"{self.url}: no response from VictoriaLogs: {cause(wrong)}"
            ) from wrong
