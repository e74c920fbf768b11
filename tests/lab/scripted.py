"""An HTTP server that answers with what a test gives it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.http_edge import Handler, serving


@contextmanager
def answering(status: int, body: Any) -> Iterator[str]:
    """The URL of a server that answers everybody alike; text as it is, other values as JSON."""
    payload = (body if isinstance(body, str) else json.dumps(body)).encode()

    class Alike(Handler):
        def do_GET(self) -> None:
            self.answer(status, payload)

        def do_POST(self) -> None:
            self.body()
            self.do_GET()

    with serving(Alike) as url:
        yield url
