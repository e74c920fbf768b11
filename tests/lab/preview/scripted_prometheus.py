"""A Prometheus that answers each kind of question alike, and tells what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lab.prometheus_api import Prometheus

MATRIX = [{"metric": {"server": "a"}, "values": [[1.0, "0.5"], [2.0, "NaN"]]}]
VECTOR = [{"metric": {"tool": "t"}, "value": [1.0, "7"]}]
DATA: dict[str, Any] = {
    "/api/v1/query_range": {"resultType": "matrix", "result": MATRIX},
    "/api/v1/query": {"resultType": "vector", "result": VECTOR},
    "/api/v1/query_exemplars": [
        {"exemplars": [{"labels": {"trace_id": "ab"}, "value": "0.2", "timestamp": 1.5}]}
    ],
    "/api/v1/series": [{"server": "a"}, {"server": "b.c"}],
}

Asked = list[tuple[str, dict[str, list[str]]]]


@contextmanager
def prometheus() -> Iterator[tuple[Prometheus, Asked]]:
    """A Prometheus that answers each kind of question alike, and what it was asked."""
    asked: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked.append((url.path, parse_qs(url.query)))
            payload = json.dumps({"data": DATA[url.path]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Prometheus(f"http://127.0.0.1:{server.server_port}"), asked
        finally:
            server.shutdown()
            thread.join()
