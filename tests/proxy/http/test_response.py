"""Responses of the proxy's own are framed so that any client knows where they end."""

import pytest

from proxy.http import response
from proxy.http.head import parse_response


@pytest.mark.parametrize("status", [200, 202, 204, 404, 413, 503])
def test_a_written_response_reads_back(status: int) -> None:
    body = b"" if status == 204 else b"hello"
    head = response.start(status, response.JSON, (b"x-a", b"b"))
    block = response.framed(head, body, status, keep_alive=True)
    parsed = parse_response(block.removesuffix(body))
    assert (parsed.status, parsed.length, parsed.keep_alive) == (status, len(body), True)
    assert (b"content-length" in block) is (status != 204)


def test_the_response_to_head_has_the_length_of_a_body_that_it_leaves_out() -> None:
    block = response.framed(response.start(200), b"hello", 200, keep_alive=True, method="HEAD")
    assert block.endswith(b"content-length: 5\r\n\r\n")


def test_a_connection_that_ends_says_so() -> None:
    block = response.framed(response.start(200), b"", 200, keep_alive=False)
    assert not parse_response(block).keep_alive
