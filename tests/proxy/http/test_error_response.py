"""What a server says where it refuses an HTTP request."""

import pytest

from proxy.http.error_response import LONGEST, HttpError, refusal_text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"Cannot POST /mcp\r\n", "Cannot POST /mcp"),
        (b"\xff\x1b[2Jred\x00", "\ufffd [2Jred"),
        (
            b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}',
            "no session",
        ),
        (b'{"error":"invalid_token","error_description":"it expired"}', "it expired"),
        (b'{"error":"invalid_token"}', "invalid_token"),
        (b'{"detail":"Not Found"}', "Not Found"),
        (b'{"detail":[{"loc":["body"]}],"title":"Unprocessable"}', "Unprocessable"),
        (b'"plainly"', "plainly"),
        (b'{"data":"{}"}', ""),
        (b"[1, 2]", ""),
        (b"{not json", ""),
        (
            b"<!doctype html><html><head><title>Error</title></head>"
            b"<body><pre>Cannot POST <b>/mcp</b></pre></body></html>",
            "Cannot POST /mcp",
        ),
    ],
)
def test_the_words_of_a_refusal_are_found_in_what_frameworks_answer(
    body: bytes, words: str
) -> None:
    assert refusal_text(body) == words
    assert HttpError(400, body).text.endswith(words or "message")


def test_a_long_text_is_cut() -> None:
    assert refusal_text(b"x" * 1_000_000) == "x" * LONGEST + "..."


HOST_NAMED = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Invalid Host: x"}}'


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (HttpError(404), "check the path of --upstream"),
        (HttpError(404, in_session=True), ""),
        (HttpError(405), "--upstream-transport"),
        (HttpError(406, own=True), "--upstream-transport"),
        (HttpError(406), ""),
        (HttpError(421), "the host of --upstream"),
        (HttpError(403, HOST_NAMED), "the host of --upstream"),
        (HttpError(403, b"insufficient scope"), ""),
        (HttpError(200, sse=True), "--upstream-transport"),
        (HttpError(400), ""),
        (HttpError(401), ""),
        (HttpError(500), ""),
    ],
)
def test_what_the_operator_has_to_change_is_said(error: HttpError, advice: str) -> None:
    assert advice in error.text
    assert bool(error.advice) is bool(advice)
