"""A Grafana of which only the answers exist: scripted, on loopback; it keeps what it is asked."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.http_edge import Handler, serving


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


Script = Mapping[str, Answer | Iterator[Answer]]


@dataclass(slots=True)
class Edge:
    """Answers by verb and path, the same each time or one after the other.

    Whatever is not scripted is 404, in Grafana's words.
    """

    answers: Script
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def scripted(answers: Script, tls: ssl.SSLContext | None = None) -> Iterator[Edge]:
    edge = Edge(answers)

    class Grafana(Handler):
        def _answer(self) -> None:
            body = json.loads(self.body() or "null")
            edge.asked.append(
                Asked(self.command, self.path, self.headers.get("Authorization"), body)
            )
            key = f"{self.command} {self.path}"
            found = edge.answers.get(key, Answer(404, {"message": "Not found"}))
            answer = found if isinstance(found, Answer) else next(found)
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            headers = {"Location": answer.location} if answer.location else {}
            self.answer(answer.status, text, headers)

        do_GET = do_POST = _answer

    with serving(Grafana, tls) as edge.url:
        yield edge
