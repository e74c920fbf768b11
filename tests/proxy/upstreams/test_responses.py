"""What a stdio server's clients get: one answer, or a stream once something comes before it."""

import json
from time import perf_counter

import pytest

from proxy.http.sse import KEEP_ALIVE_SECONDS, EventReader
from proxy.upstreams.responses import EventStreamResponse, PostResponse
from tests.proxy.scripted import ScriptedClient, client_request, info

CALL = b'{"id":1,"method":"tools/call"}'
BATCH = b'[{"id":1,"method":"a"},{"id":"b","method":"b"}]'
SESSION = ((b"mcp-session-id", b"s"),)


class Audience:
    """Keeps what it is notified."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.open_streams = 0

    def pause(self, member: object) -> None:
        self.calls.append("pause")

    def resume(self, member: object) -> None:
        self.calls.append("resume")

    def streams(self, more: int) -> None:
        self.open_streams += more

    def on_response_abandoned(self, reply: PostResponse) -> None:
        self.calls.append("reply gone")

    def on_stream_closed(self, listener: EventStreamResponse) -> None:
        self.calls.append("listener gone")


class Harness:
    """A reply with scripted edges."""

    def __init__(self, body: bytes = CALL, accept: str = "*/*") -> None:
        self.client, self.audience = ScriptedClient(), Audience()
        self.post = client_request(self.client, body, info(accept=accept))
        self.reply = PostResponse(self.post, self.audience, SESSION)

    def events(self) -> list[bytes]:
        return [event.data for event in EventReader(1000).feed(self.client.body)]


def test_an_answer_alone_is_json() -> None:
    harness = Harness()
    assert harness.reply.answer(harness.post.calls[0], b"{}") == 200
    assert harness.client.body == b"{}"
    assert harness.client.head == (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: s\r\n"
    )


def test_a_message_before_the_answer_makes_it_a_stream() -> None:
    harness = Harness()
    harness.reply.push(b'"progress"')
    harness.reply.answer(harness.post.calls[0], b"{}")
    assert harness.events() == [b'"progress"', b"{}"]
    assert harness.client.over
    assert b"content-type: text/event-stream\r\n" in harness.client.head
    assert b"x-accel-buffering: no\r\n" in harness.client.head


@pytest.mark.parametrize(("body", "events"), [(CALL, 1), (BATCH, 2)])
def test_a_client_that_accepts_only_events_gets_answers_as_events(body: bytes, events: int) -> None:
    harness = Harness(body, accept="text/event-stream")
    for call in harness.post.calls:
        assert harness.reply.answer(call, b"{}") == 200
    assert harness.events() == [b"{}"] * events
    assert b"content-type: text/event-stream\r\nmcp-session-id: s\r\n" in harness.client.head


def test_an_error_by_its_status_is_json_whatever_the_client_accepts() -> None:
    harness = Harness(accept="text/event-stream")
    harness.reply.fail(harness.post.calls[0], 502, "gone")
    assert b"content-type: application/json\r\n" in harness.client.head


def test_an_answer_that_takes_long_becomes_a_stream_that_is_kept_alive() -> None:
    harness = Harness(BATCH)
    first, second = harness.post.calls
    harness.reply.answer(first, b'{"id":1}')
    harness.reply.keep_alive(perf_counter())
    assert not harness.client.begun
    for times in (1, 2):
        harness.reply.keep_alive(perf_counter() + times * (KEEP_ALIVE_SECONDS + 1))
    harness.reply.answer(second, b'{"id":"b"}')
    assert harness.events() == [b'{"id":1}', b'{"id":"b"}']
    assert harness.client.body.count(b": keep-alive\n\n") == 2
    assert harness.post.calls[1].first_event == 0


def test_who_takes_no_stream_waits_in_silence() -> None:
    client = ScriptedClient()
    waiting = client_request(client, CALL, info(accept="application/json"))
    PostResponse(waiting, Audience(), ()).keep_alive(perf_counter() + 1000)
    assert not client.begun


def test_a_batch_is_answered_when_each_of_its_calls_is() -> None:
    harness = Harness(BATCH)
    first, second = harness.post.calls
    harness.reply.answer(second, b'{"id":"b"}')
    assert not harness.client.over
    harness.reply.fail(first, 502, "gone")
    answers = json.loads(harness.client.body)
    assert [each["id"] for each in answers] == ["b", 1]


@pytest.mark.parametrize("fails", [True, False])
def test_a_batch_of_one_is_answered_by_an_array_of_one(*, fails: bool) -> None:
    harness = Harness(b" [%b]" % CALL)
    [call] = harness.post.calls
    if fails:
        assert harness.reply.fail(call, 504, "silent") == 504
    else:
        harness.reply.answer(call, b'{"id":1}')
    assert [each["id"] for each in json.loads(harness.client.body)] == [1]


@pytest.mark.parametrize(("streaming", "status"), [(False, 504), (True, 200)])
def test_an_error_of_the_proxys_own_says_what_carries_it(streaming: bool, status: int) -> None:
    harness = Harness()
    if streaming:
        harness.reply.push(b'"progress"')
    assert harness.reply.fail(harness.post.calls[0], 504, "silent") == status
    assert b'"code":-32001' in harness.client.body
    assert harness.client.over


@pytest.mark.parametrize("way", ["complete", "broken off", "gone"])
def test_an_answer_counts_as_a_stream_for_as_long_as_it_is_one(way: str) -> None:
    harness = Harness()
    harness.reply.push(b'"progress"')
    assert harness.audience.open_streams == 1
    if way == "complete":
        harness.reply.answer(harness.post.calls[0], b"{}")
    elif way == "gone":
        harness.reply.on_client_gone()
    else:
        harness.reply.abort()
    assert harness.audience.open_streams == 0


@pytest.mark.parametrize("streaming", [False, True])
def test_a_cancelled_call_gets_no_answer(streaming: bool) -> None:
    harness = Harness()
    if streaming:
        harness.reply.push(b'"progress"')
    harness.reply.drop(harness.post.calls[0])
    assert harness.events() == ([b'"progress"'] if streaming else [])
    assert harness.client.over


def test_a_listener_gets_messages_and_comments() -> None:
    client, audience = ScriptedClient(), Audience()
    listener = EventStreamResponse(client_request(client, b"", info("GET")), audience)
    listener.push(b'"a"')
    listener.keep_alive(perf_counter() + KEEP_ALIVE_SECONDS + 1)
    listener.push(b'"b"')
    listener.end()
    assert [event.data for event in EventReader(1000).feed(client.body)] == [b'"a"', b'"b"']
    assert b"\n: keep-alive\n\n" in client.body
    assert client.over


def test_the_listener_is_notified_of_slow_and_gone_clients() -> None:
    harness = Harness()
    listener = EventStreamResponse(
        client_request(ScriptedClient(), b"", info("GET")), harness.audience
    )
    for observer in (harness.reply, listener):
        observer.on_client_paused()
        observer.on_client_resumed()
        observer.on_client_gone()
    assert harness.audience.calls == [
        "pause", "resume", "reply gone", "pause", "resume", "listener gone",
    ]  # fmt: skip
