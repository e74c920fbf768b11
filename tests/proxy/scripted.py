"""Scripted edges of the dispatcher: a client that records its response, a reader, counts."""

from collections import Counter
from time import perf_counter

from proxy.calls.client_request import ClientRequest
from proxy.calls.recorder import CallRecorder
from proxy.http.interfaces import ClientObserver, ResponseHandler
from proxy.http.request_policy import RequestInfo, RequestPolicy
from proxy.in_flight import Call
from proxy.jsonrpc import codec
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.tracing.sampler import OFF
from proxy.telemetry.tracing.tracer import Tracer

GATE = RequestPolicy(path=b"/mcp", body_limit=1000, loopback=True)


def info(method: str = "POST", **headers: str) -> RequestInfo:
    """A request's head as the request policy lets it in."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return GATE.evaluate(f"{method} /mcp HTTP/1.1\r\nhost: localhost\r\n{named}\r\n".encode())


class ScriptedClient:
    """Records its answer; fails if it gets more than one."""

    def __init__(self) -> None:
        self.observer: ClientObserver | None = None
        self.principal = b""
        self.address = b"127.0.0.1"
        self.status = 0
        self.head = b""
        self.body = b""
        self.begun = False
        self.over = False
        self.aborted = False

    def attach(self, observer: ClientObserver) -> None:
        self.observer = observer

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        assert not self.begun
        assert not self.over
        self.head, self.body, self.status, self.over = head, body, status, True

    def start_response(self, head: bytes, length: int | None = None) -> None:
        assert not self.begun
        assert not self.over
        self.head, self.begun = head, True

    def write(self, data: bytes) -> None:
        assert self.begun
        assert not self.over
        self.body += data

    def end(self) -> None:
        assert self.begun
        assert not self.over
        self.over = True

    def abort(self) -> None:
        assert not self.over
        self.over = self.aborted = True


class ScriptedSource:
    """An upstream's connection; records what it is notified."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause(self, handler: ResponseHandler) -> None:
        self.calls.append("pause")

    def resume(self, handler: ResponseHandler) -> None:
        self.calls.append("resume")

    def abort(self, handler: ResponseHandler) -> None:
        self.calls.append("abort")


def recorder() -> CallRecorder:
    """Books with a ledger of their own, and no traces."""
    return CallRecorder(Ledger("s", "streamable-http"), Tracer(OFF, None))


def counted(kept: CallRecorder) -> Counter[tuple[str, str, int, str, str]]:
    """How often each (method, tool, status, outcome, fault) was counted."""
    return Counter(
        {
            (row[0], row[1], row[3], str(row[4]), str(row[5])): sum(distribution.counts)
            for row, distribution in kept.ledger.rows.items()
        }
    )


def client_request(
    client: ScriptedClient, body: bytes, head: RequestInfo | None = None
) -> ClientRequest:
    """A client's message as the dispatcher hands it on."""
    head = head or info()
    messages = codec.decode_all(body) if body else ()
    calls = tuple(
        Call(each, perf_counter(), head.version, head.session)
        for each in messages
        if each.is_request
    )
    return ClientRequest(client, head, body, messages, calls, b"")
