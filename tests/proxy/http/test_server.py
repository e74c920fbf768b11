"""The client's side: requests come out whole and in turn, wherever the network cuts the bytes."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.app.options import MIB
from proxy.http.chunked import LAST, chunk
from proxy.http.connection_limit import ConnectionLimiter
from proxy.http.head import HeadCache
from proxy.http.interfaces import Client, PendingClient, StillValid, TokenCheck
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import RequestInfo, RequestPolicy
from proxy.http.resource_metadata import Metadata
from proxy.http.server import ClientConnection, ServerContext
from proxy.memory_budget import MemoryBudget
from proxy.telemetry.vocabulary import RejectionCause
from tests.proxy.http.recording_transport import RecordingTransport, pieces

LIMIT = 1000
METADATA = Metadata("", frozenset((b"/where",)), b"{}")
GATE = RequestPolicy(path=b"/mcp", body_limit=LIMIT, loopback=True, metadata=METADATA)


class Recorder:
    """Keeps what arrives, and answers each request with its own body."""

    def __init__(self, *, answers: bool = True) -> None:
        self.bodies: list[bytes] = []
        self.refused: list[int] = []
        self.clients: list[Client] = []
        self.events: list[str] = []
        self._answers = answers

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self.bodies.append(body)
        self.clients.append(client)
        client.attach(self)
        if self._answers:
            client.respond(b"HTTP/1.1 200 OK\r\n", body, 200)

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        self.refused.append(rejection.status)

    def on_client_paused(self) -> None:
        self.events.append("paused")

    def on_client_resumed(self) -> None:
        self.events.append("resumed")

    def on_client_gone(self) -> None:
        self.events.append("gone")


class Line:
    """One connection over a recording transport."""

    def __init__(
        self,
        recorder: Recorder,
        idle: float = 1e6,
        most: int = 1,
        check: TokenCheck | None = None,
        memory: MemoryBudget | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.recorder = recorder
        self.crowd = ConnectionLimiter(most, lambda count: None)
        memory = memory or MemoryBudget(MIB)
        front = ServerContext(
            HeadCache(GATE.evaluate), recorder, limit, self.crowd, idle, memory, check
        )
        self.transport = RecordingTransport()
        self.connection = ClientConnection(front)
        self.connection.connection_made(self.transport)

    async def receive(self, *data: bytes) -> None:
        for piece in data:
            self.connection.data_received(piece)
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)


def play(recorder: Recorder, act: Callable[[Line], object], *data: bytes, **front: Any) -> Line:
    async def run() -> Line:
        line = Line(recorder, **front)
        await line.receive(*data)
        act(line)
        return line

    return asyncio.run(run())


def request(body: bytes, *, chunked: bool = False) -> bytes:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n"
    if not chunked:
        return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    coded = b"".join(chunk(body[i : i + 7]) for i in range(0, len(body), 7))
    return head + b"transfer-encoding: chunked\r\n\r\n" + coded + LAST


@given(
    bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 600), max_size=10),
)
def test_requests_come_whole_and_in_turn_however_they_are_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    recorder = Recorder()
    stream = b"".join(map(request, bodies))
    line = play(recorder, lambda line: None, *pieces(stream, cuts))
    assert recorder.bodies == bodies
    assert line.transport.alive
    expected = b"".join(
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body) for body in bodies
    )
    assert line.transport.written == expected


@given(body=st.binary(max_size=60), cuts=st.lists(st.integers(0, 300), max_size=10))
def test_a_chunked_request_comes_whole_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    recorder = Recorder()
    line = play(recorder, lambda line: None, *pieces(request(body, chunked=True), cuts))
    assert recorder.bodies == [body]
    assert line.transport.alive


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_served_or_refused(data: list[bytes]) -> None:
    recorder = Recorder()
    play(recorder, lambda line: None, *data, b"\r\n\r\n")
    assert recorder.bodies == []


def test_the_refusal_of_head_has_no_body() -> None:
    line = play(Recorder(), lambda line: None, b"HEAD /mcp HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert line.transport.written.startswith(b"HTTP/1.1 405 ")
    assert line.transport.written.endswith(b"\r\n\r\n")


def head(start: str, *lines: str) -> bytes:
    return "\r\n".join((f"{start} HTTP/1.1", "host: localhost", *lines, "", "")).encode()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("GET /where", b"200 OK\r\ncontent-type: application/json\r\n", b"\r\n\r\n{}"),
        ("HEAD /where", b"200 OK\r\n", b"content-length: 2\r\n\r\n"),
        ("OPTIONS /mcp", b"204 No Content\r\nallow: POST, GET, DELETE\r\n", b"\r\n"),
    ],
)
def test_a_page_is_answered_here_and_the_connection_kept(
    asked: str, start: bytes, end: bytes
) -> None:
    recorder = Recorder()
    line = play(recorder, lambda line: None, head(asked), request(b"a"))
    first, _, _ = line.transport.written.partition(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n")
    assert first.startswith(b"HTTP/1.1 " + start)
    assert first.endswith(end)
    assert (recorder.bodies, recorder.refused) == ([b"a"], [])


ORIGIN = "origin: http://localhost:3000"
READABLE = b"access-control-allow-origin: http://localhost:3000\r\n"


def test_a_page_of_an_allowed_origin_may_read_answers_streams_and_refusals() -> None:
    answered = play(Recorder(), lambda line: None, head("POST /mcp", ORIGIN))
    refused = play(Recorder(), lambda line: None, head("PUT /mcp", ORIGIN))
    recorder = Recorder(answers=False)
    streamed = play(
        recorder,
        lambda line: recorder.clients[0].start_response(b"HTTP/1.1 200 OK\r\n"),
        head("GET /mcp", ORIGIN),
    )
    for line in (answered, refused, streamed):
        assert READABLE in line.transport.written


def test_what_the_server_says_of_its_readers_is_passed_on_alone() -> None:
    recorder = Recorder(answers=False)
    own = b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n"
    line = play(
        recorder,
        lambda line: recorder.clients[0].respond(own, b"", 200),
        head("POST /mcp", ORIGIN),
    )
    assert line.transport.written.count(b"access-control-allow-origin") == 1
    assert own in line.transport.written


def test_what_follows_a_chunked_body_at_once_is_not_taken_for_a_request() -> None:
    recorder = Recorder()
    smuggled = request(b"a", chunked=True) + request(b"b")
    line = play(recorder, lambda line: None, smuggled)
    assert recorder.bodies == [b"a"]
    assert not line.transport.alive
    assert b"connection: close" in line.transport.written


def test_a_client_that_runs_ahead_is_read_no_further() -> None:
    recorder = Recorder(answers=False)
    ahead = b"x" * 70_000

    def act(line: Line) -> None:
        assert not line.transport.reading
        assert len(recorder.bodies) == 1

    play(recorder, act, request(b"a"), ahead)


def test_a_client_that_expects_continue_gets_it() -> None:
    head = request(b"x").replace(b"content", b"expect: 100-continue\r\ncontent").removesuffix(b"x")
    recorder = Recorder()
    line = play(recorder, lambda line: None, head, b"x")
    assert line.transport.written.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert recorder.bodies == [b"x"]


LATER = perf_counter() + 3600


@pytest.mark.parametrize(
    "so_far", [b"P", request(b"hello")[:-1], request(b"hello", chunked=True)[:-1]]
)
def test_a_request_that_does_not_come_to_its_end_is_refused(so_far: bytes) -> None:
    recorder = Recorder()
    line = play(recorder, lambda line: line.connection.expire(LATER), so_far)
    assert line.transport.written.startswith(b"HTTP/1.1 408 ")
    assert recorder.refused == [408]


@pytest.mark.parametrize("data", [[], [request(b"a")], [request(b"a")[:5], request(b"a")[5:]]])
def test_time_does_not_matter_between_requests_or_before_an_answer(data: list[bytes]) -> None:
    for answers in (True, False):
        recorder = Recorder(answers=answers)
        play(recorder, lambda line: line.connection.expire(LATER), *data)
        assert recorder.refused == []


@pytest.mark.parametrize("data", [[], [request(b"a")], [request(b"a"), request(b"b")]])
def test_a_connection_that_is_unused_is_closed(data: list[bytes]) -> None:
    began = perf_counter()

    def act(line: Line) -> None:
        line.connection.expire(began + 9)
        assert line.transport.alive
        line.connection.expire(perf_counter() + 11)
        assert not line.transport.alive

    line = play(Recorder(), act, *data, idle=10)
    assert line.transport.written.count(b"HTTP/1.1") == len(data)


def test_a_call_or_stream_that_is_open_keeps_its_connection_and_its_end_begins_the_wait() -> None:
    def act(line: Line) -> None:
        client = line.recorder.clients[0]
        line.connection.expire(LATER)
        client.start_response(b"HTTP/1.1 200 OK\r\n")
        line.connection.expire(LATER)
        ending = perf_counter()
        client.end()
        line.connection.expire(ending + 10)
        assert line.transport.alive
        line.connection.expire(LATER)
        assert not line.transport.alive

    play(Recorder(answers=False), act, request(b""), idle=10)


@pytest.mark.parametrize("whole", [True, False])
def test_a_client_that_reads_nothing_of_its_answer_is_cut_off_and_its_observer_notified(
    whole: bool,
) -> None:
    def act(line: Line) -> None:
        client, answered = line.recorder.clients[0], perf_counter()
        if whole:
            client.respond(b"HTTP/1.1 200 OK\r\n", b"x", 200)
        else:
            client.start_response(b"HTTP/1.1 200 OK\r\n")
        line.transport.unsent = 100
        line.connection.expire(answered)
        line.connection.expire(answered + 9)
        assert line.transport.alive
        line.connection.expire(answered + 11)
        assert line.transport.aborted
        line.connection.connection_lost(None)

    line = play(Recorder(answers=False), act, request(b""), idle=10)
    assert line.recorder.events == ([] if whole else ["gone"])


@pytest.mark.parametrize("unsent", [[100, 90, 80, 0, 100], [100, 190, 280, 370, 460]])
def test_a_client_that_reads_slowly_is_waited_for_even_if_more_is_written(
    unsent: list[int],
) -> None:
    def act(line: Line) -> None:
        client = line.recorder.clients[0]
        client.start_response(b"HTTP/1.1 200 OK\r\n")
        answered = perf_counter()
        for seconds, each in enumerate(unsent, 1):
            client.write(b"x" * 100)
            line.transport.unsent = each
            line.connection.expire(answered + 8 * seconds)
        assert line.transport.alive

    play(Recorder(answers=False), act, request(b""), idle=10)


FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\nretry-after: 5"
)


@pytest.mark.parametrize("whole", [True, False])
def test_a_request_beyond_the_limit_is_refused_with_retry_after(whole: bool) -> None:
    recorder = Recorder()
    data = request(b"hello")
    line = play(recorder, lambda line: None, data if whole else data[:-3], most=0)
    assert line.transport.written.startswith(FULL)
    assert (recorder.bodies, recorder.refused) == ([], [503])


@pytest.mark.parametrize("data", [[], [b"POST"]])
def test_a_connection_beyond_the_limit_that_asks_for_nothing_is_soon_turned_away(
    data: list[bytes],
) -> None:
    began = perf_counter()

    def act(line: Line) -> None:
        line.connection.expire(began + 0.5)
        assert line.transport.written == b""
        line.connection.expire(perf_counter() + 1.5)
        line.connection.expire(LATER)

    line = play(Recorder(), act, *data, most=0)
    assert line.transport.written.startswith(FULL)
    assert line.transport.written.count(b"HTTP/1.1") == 1


def test_a_begun_answer_is_chunked_for_who_knows_chunks() -> None:
    def act(line: Line) -> None:
        client = line.recorder.clients[0]
        client.start_response(b"HTTP/1.1 200 OK\r\n")
        client.write(b"hello")
        client.write(b"")
        client.end()

    line = play(Recorder(answers=False), act, request(b""))
    assert line.transport.written == (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    assert line.transport.alive


def test_a_begun_answer_of_known_length_is_not_chunked() -> None:
    def act(line: Line) -> None:
        client = line.recorder.clients[0]
        client.start_response(b"HTTP/1.1 200 OK\r\n", 5)
        client.write(b"hel")
        client.write(b"lo")
        client.end()

    line = play(Recorder(answers=False), act, request(b""))
    assert line.transport.written == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
    assert line.transport.alive


def test_closing_ends_a_begun_answer_to_http_1_0() -> None:
    def act(line: Line) -> None:
        client = line.recorder.clients[0]
        client.start_response(b"HTTP/1.1 200 OK\r\n")
        client.write(b"hello")
        client.end()

    head = b"POST /mcp HTTP/1.0\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"
    line = play(Recorder(answers=False), act, head)
    assert line.transport.written == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"
    assert not line.transport.alive


RELEASES: dict[str, Callable[[Line], object]] = {
    "resumed": lambda line: line.connection.resume_writing(),
    "complete": lambda line: line.recorder.clients[0].end(),
    "broken off": lambda line: line.recorder.clients[0].abort(),
    "gone": lambda line: line.connection.connection_lost(None),
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_slow_client_holds_back_whoever_answers_until_it_reads_or_is_answered_or_gone(
    release: str,
) -> None:
    def act(line: Line) -> None:
        line.recorder.clients[0].start_response(b"HTTP/1.1 200 OK\r\n")
        line.connection.pause_writing()
        RELEASES[release](line)
        line.connection.resume_writing()

    line = play(Recorder(answers=False), act, request(b""))
    flow = [each for each in line.recorder.events if each != "gone"]
    assert flow[:2] == ["paused", "resumed"]
    assert ("gone" in line.recorder.events) is (release == "gone")
    assert len(line.crowd) == (release != "gone")


def test_who_has_not_read_its_last_answer_gets_no_other_yet() -> None:
    async def run() -> None:
        line = Line(Recorder(answers=False))
        await line.receive(request(b"one"))
        line.connection.pause_writing()
        line.recorder.clients[0].respond(b"HTTP/1.1 200 OK\r\n", b"long", 200)
        await line.receive(request(b"two"))
        assert line.recorder.bodies == [b"one"]
        line.connection.resume_writing()
        await line.receive()
        assert line.recorder.bodies == [b"one", b"two"]
        assert line.recorder.events == ["paused", "resumed"]

    asyncio.run(run())


@pytest.mark.parametrize("busy", [True, False])
def test_an_idle_connection_closes_at_once_and_a_busy_one_after_its_answer(busy: bool) -> None:
    def act(line: Line) -> None:
        line.connection.close_when_idle()
        assert line.transport.alive is busy
        for client in line.recorder.clients:
            client.respond(b"HTTP/1.1 200 OK\r\n", b"", 200)
        assert not line.transport.alive

    play(Recorder(answers=False), act, *([request(b"")] if busy else []))


NO_ROOM = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\nretry-after"
)


class Hesitating:
    """Judges no token before the test does."""

    def __init__(self) -> None:
        self.waiting: list[PendingClient] = []

    def check(self, applicant: PendingClient, info: RequestInfo) -> None:
        self.waiting.append(applicant)


def judged(
    decide: Callable[[Line, PendingClient], object],
    *data: bytes,
    answers: bool = True,
    **front: Any,
) -> Line:
    hesitating = Hesitating()

    def act(line: Line) -> None:
        assert line.recorder.bodies == []
        [applicant] = hesitating.waiting
        decide(line, applicant)

    return play(Recorder(answers=answers), act, *data, check=hesitating, **front)


def accepted(line: Line, applicant: PendingClient) -> None:
    applicant.accept(b"alice", None)


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("cut", [1000, 100, 80])
def test_a_body_is_read_once_the_token_is_judged(chunked: bool, cut: int) -> None:
    data = request(b"hello", chunked=chunked)
    line = judged(accepted, *filter(None, (data[:cut], data[cut:])))
    assert line.recorder.bodies == [b"hello"]
    assert line.recorder.clients[0].principal == b"alice"
    assert line.transport.alive


def test_no_more_than_a_little_of_a_body_is_read_before_its_token_is_judged() -> None:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"

    def decide(line: Line, applicant: PendingClient) -> None:
        assert not line.transport.reading
        line.connection.expire(LATER)
        applicant.reject(HttpRejection(RejectionCause.TOKEN, 401, "no"))
        assert line.recorder.refused == [401]

    assert b"HTTP/1.1 401 " in judged(decide, head, *[b"x" * 50_000] * 2).transport.written


def test_a_client_that_left_before_its_token_was_judged_gets_nothing() -> None:
    def decide(line: Line, applicant: PendingClient) -> None:
        line.connection.connection_lost(None)
        applicant.accept(b"alice", None)

    line = judged(decide, request(b"hello"))
    assert (line.recorder.bodies, line.transport.written) == ([], b"")


@pytest.mark.parametrize("good", [True, False])
def test_who_gave_way_before_its_token_was_judged_is_refused_once(*, good: bool) -> None:
    memory = MemoryBudget(150_000)
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"

    def decide(line: Line, applicant: PendingClient) -> None:
        assert memory.account(b"other").hold(120_000)
        if good:
            applicant.accept(b"alice", None)
        else:
            applicant.reject(HttpRejection(RejectionCause.TOKEN, 401, "no"))

    line = judged(decide, head[:9], head[9:], b"x" * 80_000, memory=memory)
    assert line.transport.written.startswith(NO_ROOM)
    assert (line.recorder.refused, line.recorder.bodies) == ([503], [])


def test_a_stream_ends_with_the_token_that_it_was_opened_with() -> None:
    good = True

    def decide(line: Line, applicant: PendingClient) -> None:
        nonlocal good
        holds: StillValid = lambda: good  # noqa: E731
        applicant.accept(b"alice", holds)
        line.recorder.clients[0].start_response(b"HTTP/1.1 200 OK\r\n")
        line.connection.expire(perf_counter())
        assert line.transport.alive
        good = False
        line.connection.expire(perf_counter())
        line.connection.connection_lost(None)

    line = judged(decide, request(b""), answers=False)
    assert not line.transport.alive
    assert line.recorder.events == ["gone"]


BODY = b"x" * 100_000


def sharing(memory: MemoryBudget) -> tuple[Line, Line]:
    """Two clients that share what there is of memory."""
    recorder = Recorder(answers=False)
    first, second = (Line(recorder, memory=memory, limit=MIB) for _ in range(2))
    return first, second


def long_request(body: bytes) -> bytes:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + chunk(body) + LAST


@pytest.mark.parametrize("cut", [-1, -5])
def test_a_body_that_does_not_come_to_its_end_gives_way_to_another(cut: int) -> None:
    async def run() -> None:
        first, second = sharing(MemoryBudget(150_000))
        await first.receive(long_request(BODY)[:cut])
        await second.receive(long_request(BODY))
        assert first.transport.written.startswith(NO_ROOM)
        assert second.recorder.bodies == [BODY]
        assert second.recorder.refused == [503]

    asyncio.run(run())


def test_a_body_whose_call_waits_for_its_answer_does_not_give_way() -> None:
    async def run() -> None:
        first, second = sharing(MemoryBudget(150_000))
        await first.receive(long_request(BODY))
        await second.receive(long_request(BODY))
        assert second.transport.written.startswith(NO_ROOM)
        first.recorder.clients[0].respond(b"HTTP/1.1 200 OK\r\n", b"", 200)
        await first.receive(long_request(BODY))
        assert first.recorder.bodies == [BODY, BODY]

    asyncio.run(run())


@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_that_is_not_read_gives_way_to_a_body(whole: bool) -> None:
    async def run() -> None:
        first, second = sharing(MemoryBudget(150_000))
        await first.receive(request(b""))
        client = first.recorder.clients[0]
        first.transport.unsent = len(BODY)
        if whole:
            client.respond(b"HTTP/1.1 200 OK\r\n", BODY, 200)
        else:
            client.start_response(b"HTTP/1.1 200 OK\r\n")
            client.write(BODY)
        await second.receive(long_request(BODY))
        assert first.transport.aborted
        assert second.recorder.bodies == [b"", BODY]

    asyncio.run(run())


def test_a_client_that_reads_nothing_of_what_there_is_no_room_for_is_given_up() -> None:
    async def run() -> None:
        first, second = sharing(MemoryBudget(150_000))
        await first.receive(long_request(BODY))
        await second.receive(request(b""))
        second.transport.unsent = len(BODY)
        second.recorder.clients[1].respond(b"HTTP/1.1 200 OK\r\n", BODY, 200)
        await second.receive()
        assert (first.transport.alive, second.transport.aborted) == (True, True)

    asyncio.run(run())


def test_what_was_read_or_left_is_held_no_more() -> None:
    async def run() -> None:
        memory = MemoryBudget(150_000)
        first, second = sharing(memory)
        await first.receive(long_request(BODY)[:-5])
        first.connection.connection_lost(None)
        await second.receive(request(b""))
        second.transport.unsent = len(BODY)
        second.recorder.clients[0].respond(b"HTTP/1.1 200 OK\r\n", BODY, 200)
        assert memory.cap.used > 0
        second.transport.unsent = 0
        second.connection.expire(perf_counter())
        assert memory.cap.used == 0

    asyncio.run(run())
