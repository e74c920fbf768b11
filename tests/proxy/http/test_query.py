"""A client may add to the operator's query, and not override it."""

import pytest

from proxy.http.request import target


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (b"", b"/mcp?api_key=k"),
        (b"user=a%20b&x", b"/mcp?api_key=k&user=a%20b&x"),
        (b"api_key=other", b"/mcp?api_key=k"),
        (b"a=1&api_key=other&b=2", b"/mcp?api_key=k&a=1&b=2"),
        (b"API_KEY=other", b"/mcp?api_key=k"),
        (b"api%5fkey=other", b"/mcp?api_key=k"),
        (b"%61pi_key", b"/mcp?api_key=k"),
        (b"api_key[]=other", b"/mcp?api_key=k"),
        (b"api_key%5B0%5D=other", b"/mcp?api_key=k"),
        (b"api.key=other", b"/mcp?api_key=k"),
        (b"+api+key=other", b"/mcp?api_key=k"),
        (b"a=1;api_key=other", b"/mcp?api_key=k&a=1"),
        (b"api_key2=mine", b"/mcp?api_key=k&api_key2=mine"),
    ],
)
def test_the_operators_fields_stay_as_they_are(query: bytes, sent: bytes) -> None:
    assert target(b"/mcp?api_key=k", query) == sent


@pytest.mark.parametrize("query", [b"a=1;b=2", b"?", b"a=1&&a=2"])
def test_without_fields_of_the_operator_the_query_is_the_clients(query: bytes) -> None:
    assert target(b"/mcp", query) == b"/mcp?" + query
