"""Payloads in the log: nothing that is secret, nothing without end, nothing that was not read."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.frontend.message_tap import LONGEST
from proxy.frontend.payload_log import HIDDEN, SECRETS, PayloadLogger, Redactor
from proxy.http import response
from proxy.http.interfaces import Client
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import RequestInfo
from proxy.telemetry.vocabulary import RejectionCause
from tests.proxy.scripted import ScriptedClient, info

SECRET = "s3cr3t-value"
CANARY = st.just(SECRET) | st.lists(st.just(SECRET), max_size=2) | st.just({"x": SECRET})


def shown(message: Any, most: int = 1000, names: tuple[str, ...] = ()) -> str:
    return Redactor(most, names).redacted(json.dumps(message).encode())


@pytest.mark.parametrize(
    "name",
    ["password", "Passwd", "api_key", "apiKey", "X-API-Key", "access_token", "client-secret",
     "Authorization", "Set-Cookie", "credentials", "progressToken", "pwd", "passphrase", "db_pass",
     "jwt", "auth", "X-Auth", "bearer", "authorisation"],
)  # fmt: skip
def test_a_field_named_like_a_secret_is_hidden_at_any_depth(name: str) -> None:
    logged = shown({"params": {"arguments": [{name: SECRET, "text": "hello"}]}})
    assert SECRET not in logged
    assert "hello" in logged


@pytest.mark.parametrize("named", ["name", "key"])
def test_the_value_of_a_named_secret_is_hidden(named: str) -> None:
    assert SECRET not in shown({"env": [{named: "API_KEY", "value": SECRET}]})
    assert SECRET in shown({"env": [{named: "COLOUR", "value": SECRET}]})


def test_more_names_may_be_hidden_but_none_fewer() -> None:
    message = {"cardNumber": SECRET, "password": SECRET}
    assert shown(message, names=("card_number",)).count(HIDDEN) == 2
    assert SECRET not in shown({"password": SECRET}, names=("x",))
    assert shown({"a": "b"}, names=("", "_")) == '{"a":"b"}'


@pytest.mark.parametrize("name", ["author", "co_authors", "passed", "passenger", "passport"])
def test_a_word_that_only_looks_like_a_secret_is_shown(name: str) -> None:
    assert SECRET in shown({name: SECRET})


@pytest.mark.parametrize(
    "text",
    [
        f"postgres://me:{SECRET}@db.example/x",
        f"https://{SECRET}@git.example/x",
        f"redis://:p@{SECRET}@cache",
        f"see https://a.example/x?page=1&access_token={SECRET}#end",
        f"PGPASSWORD={SECRET} psql",
        f"--api-key={SECRET}",
        f"your password: {SECRET}",
        f'{{"x": 1, "api_key": "{SECRET}", "y": 2}}',
        f"Authorization: token {SECRET}",
        json.dumps(json.dumps({"pwd": SECRET})),
    ],
)
def test_secrets_of_urls_and_of_named_values_are_hidden(text: str) -> None:
    logged = shown({"url": text, "list": [text]})
    assert SECRET not in logged
    assert logged.count(HIDDEN) == 2
    assert shown({"url": "https://a.example:80/@x?page=1"}).count(HIDDEN) == 0


@pytest.mark.parametrize("text", [f"Bearer {SECRET}", f"use basic {SECRET} please"])
def test_credentials_in_a_text_are_hidden(text: str) -> None:
    assert SECRET not in shown({"text": text, text: 1})


@given(
    st.recursive(
        st.dictionaries(st.sampled_from(SECRETS), CANARY, max_size=2),
        lambda each: (
            st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=4), each, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_no_secret_gets_through_wherever_it_stands(message: Any) -> None:
    assert SECRET not in shown(message, most=10_000)


@pytest.mark.parametrize("data", [b"", SECRET.encode(), b'{"a":"' + SECRET.encode(), b"\xff"])
def test_what_is_no_json_is_not_shown(data: bytes) -> None:
    assert Redactor(1000).redacted(data) == ""


def test_what_is_shown_is_bounded_and_so_is_what_is_read() -> None:
    assert len(shown(["x" * 5000], most=100)) == 103
    assert Redactor(100).redacted(b'["%b"]' % (b"x" * LONGEST)) == ""
    assert Redactor(100).redacted(b"[" * 5000 + b"]" * 5000) == ""
    assert Redactor(100).redacted(b"[" * 700 + b"]" * 700)[:3] in ("", "[[[")


@given(st.binary(max_size=60))
def test_any_bytes_are_shown_as_json_or_not_at_all(data: bytes) -> None:
    logged = Redactor(10_000).redacted(data)
    assert logged == "" or json.loads(logged) is not Ellipsis


class Answering:
    """A receiver that answers as it is notified."""

    def __init__(self, *pieces: bytes, events: bool = False) -> None:
        self.pieces, self.events = pieces, events
        self.refused: HttpRejection | None = None

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        if len(self.pieces) == 1:
            client.respond(response.start(200, response.JSON), self.pieces[0], 200)
            return
        client.start_response(
            response.start(200, response.EVENTS if self.events else response.JSON)
        )
        for piece in self.pieces:
            client.write(piece)
        client.end()

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        self.refused = rejection


def overheard(caplog: pytest.LogCaptureFixture, within: Answering, body: bytes) -> list[Any]:
    """What is logged when a client sends `body`; it must get what it would get otherwise."""
    client = ScriptedClient()
    with caplog.at_level(logging.INFO, "proxy.payloads"):
        PayloadLogger(within, Redactor(1000)).request(client, info(), body, 0.0)
    assert (client.body, client.over) == (b"".join(within.pieces), True)
    return [record.__dict__["fields"] for record in caplog.records]


def test_both_ways_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    logged = overheard(caplog, Answering(b'{"b":2}'), b'{"a":1}')
    assert logged == [
        {"direction": "request", "bytes": 7, "message": '{"a":1}'},
        {"direction": "answer", "bytes": 7, "message": '{"b":2}'},
    ]


def test_events_are_logged_one_by_one(caplog: pytest.LogCaptureFixture) -> None:
    pieces = (b'data: {"a"', b':1}\n\ndata: {"token":"x"}\n\n')
    logged = overheard(caplog, Answering(*pieces, events=True), b"")
    assert [each["message"] for each in logged] == ['{"a":1}', '{"token":"[hidden]"}']


def test_an_answer_in_pieces_is_read_as_one(caplog: pytest.LogCaptureFixture) -> None:
    logged = overheard(caplog, Answering(b'{"password"', b':"%b"}' % SECRET.encode()), b"")
    assert [each["message"] for each in logged] == ['{"password":"[hidden]"}']


def test_a_long_answer_is_known_by_its_size(caplog: pytest.LogCaptureFixture) -> None:
    for within in (Answering(b'["', b"x" * LONGEST), Answering(b'["%b"]' % (b"x" * LONGEST))):
        (logged,) = overheard(caplog, within, b"")
        caplog.clear()
        assert set(logged) == {"direction", "bytes"}


def test_a_long_event_is_known_by_its_size(caplog: pytest.LogCaptureFixture) -> None:
    pieces = (b"data: [", b"x" * LONGEST, b'\n\ndata: {"a":1}\n\n')
    logged = overheard(caplog, Answering(*pieces, events=True), b"")
    assert [each.get("message") for each in logged] == [None, '{"a":1}']


def test_refusals_pass() -> None:
    within = Answering()
    rejection = HttpRejection(RejectionCause.MALFORMED, 400, "")
    PayloadLogger(within, Redactor(1)).refuse(None, rejection)
    assert within.refused is rejection
