"""What a server says where it refuses an HTTP request."""

import pytest

from proxy.wire.refusal_text import LONGEST, answered, refusal_text


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
    assert answered(404, body).endswith(words or "message")


def test_a_long_text_is_cut() -> None:
    assert refusal_text(b"x" * 1_000_000) == "x" * LONGEST + "..."
