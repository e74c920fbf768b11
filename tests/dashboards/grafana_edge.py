"""A Grafana of which only the answers exist: scripted, on loopback; it keeps what it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    verb: str
    path: str
    authorization: str | None
    body: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say to a request; `body` is sent as JSON unless it is text."""

    status: int = 200
    body: object = field(default_factory=dict)
    location: str | None = None


@dataclass(slots=True)
class Edge:
    """Answers by verb and path; whatever is not scripted is 404, in Grafana's words."""

    answers: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def scripted(answers: dict[str, Answer]) -> Iterator[Edge]:
    edge = Edge(answers)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length)) if length else None
            edge.asked.append(
                Asked(self.command, self.path, self.headers.get("Authorization"), body)
            )
            key = f"{self.command} {self.path}"
            answer = edge.answers.get(key, Answer(404, {"message": "Not found"}))
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(text.encode())))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: pytest shows what was asked."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        edge.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield edge
        finally:
            server.shutdown()
            thread.join()
