"""What a modern client's POST must be: required `_meta`, headers that agree with the body."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.head import lines
from proxy.jsonrpc import methods
from proxy.translation import headers, rules
from proxy.translation.request import Request
from proxy.translation.versions import Era, era_of
from tests.proxy.translation.messages import modern

GOOD = (
    (b"mcp-protocol-version", b"2026-07-28"),
    (b"mcp-method", b"tools/call"),
    (b"mcp-name", b"t"),
)


def request(**changes: Any) -> Request:
    """A complete request, or one with other `_meta`."""
    return modern("tools/call", 1, name="t", more_meta=changes)


def without(key: str) -> Request:
    whole = json.loads(json.dumps({"id": 1, "method": "tools/call"}))
    meta = {methods.VERSION_KEY: "2026-07-28", methods.CAPABILITIES_KEY: {}}
    del meta[key]
    return Request(json.dumps({**whole, "params": {"name": "t", "_meta": meta}}).encode())


def test_a_request_that_keeps_every_rule_is_let_in() -> None:
    assert rules.broken(request(), GOOD) is None
    assert rules.unspoken(request()) is None
    listed = modern("tools/list")
    assert rules.broken(listed, (GOOD[0], (b"mcp-method", b"tools/list"))) is None


@pytest.mark.parametrize("key", [methods.VERSION_KEY, methods.CAPABILITIES_KEY])
def test_a_request_without_required_meta_is_invalid(key: str) -> None:
    refused = rules.broken(without(key), GOOD)
    assert refused is not None
    assert (refused.code, key in refused.reason) == (-32602, True)


@pytest.mark.parametrize(
    "changes",
    [
        {methods.VERSION_KEY: 20260728},
        {methods.CAPABILITIES_KEY: []},
        {methods.LOG_LEVEL_KEY: "loud"},
        {methods.LOG_LEVEL_KEY: 3},
    ],
)
def test_meta_of_the_wrong_kind_is_invalid(changes: dict[str, Any]) -> None:
    refused = rules.broken(request(**changes), GOOD)
    assert refused is not None
    assert (refused.code, rules.STATUS[refused.code]) == (-32602, 400)


@pytest.mark.parametrize("odd", [[5], 5, "x", True])
def test_input_that_is_no_object_is_invalid(odd: object) -> None:
    refused = rules.broken(modern("tools/call", 1, name="t", inputResponses=odd), GOOD)
    assert refused is not None
    assert (refused.code, "inputResponses" in refused.reason) == (-32602, True)


@pytest.mark.parametrize("missing", range(3))
def test_each_standard_header_is_required(missing: int) -> None:
    refused = rules.broken(request(), (*GOOD[:missing], *GOOD[missing + 1 :]))
    assert refused is not None
    assert (refused.code, rules.STATUS[refused.code]) == (-32020, 400)
    assert "missing" in refused.reason


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [b"other", b"", b"Tools/Call", b"=?base64?dG9vbHM=?="])
def test_each_standard_header_has_to_agree_with_the_body(place: int, value: bytes) -> None:
    given_headers = list(GOOD)
    given_headers[place] = (GOOD[place][0], value)
    refused = rules.broken(request(), given_headers)
    assert refused is not None
    assert refused.code == -32020


def test_a_header_that_is_given_twice_is_refused() -> None:
    refused = rules.broken(request(), (*GOOD, (b"mcp-name", b"t")))
    assert refused is not None
    assert "more than once" in refused.reason


def test_the_error_for_an_unknown_modern_version_lists_the_supported() -> None:
    refused = rules.unspoken(request(**{methods.VERSION_KEY: "2031-01-01"}))
    assert refused is not None
    assert refused.code == -32022
    assert refused.data == {
        "supported": ["2026-07-28", "2025-11-25"],
        "requested": "2031-01-01",
    }


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("us-west1", "us-west1"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("", ""),
    ],
)
def test_values_are_encoded_as_the_specification_shows(value: str, header: str) -> None:
    assert headers.encode_value(value) == header
    assert headers.decode_value(header) == value


@pytest.mark.parametrize(
    "broken", ["=?base64?%%%?=", "=?base64?/w==?=", "=?base64?x?=", "=?base64?\xe9?="]
)
def test_a_value_that_is_not_base64_stands_for_nothing(broken: str) -> None:
    assert headers.decode_value(broken) is None
    refused = rules.broken(request(), (*GOOD[:2], (b"mcp-name", broken.encode("latin-1"))))
    assert refused is not None


@given(st.text())
def test_every_value_comes_back_from_a_header_that_is_safe_to_send(value: str) -> None:
    header = headers.encode_value(value)
    assert header.isascii()
    assert "\r" not in header
    assert "\n" not in header
    assert headers.decode_value(header) == value


@given(st.text(min_size=1), st.sampled_from(sorted(headers.NAMED_BY)))
def test_headers_that_the_proxy_makes_agree_with_the_body(name: str, method: str) -> None:
    made = modern(method, 1, name=name, uri=name)
    lined = headers.split(lines(headers.made_of(method, made.params, "2026-07-28")))
    assert headers.mismatch(made, "2026-07-28", lined) is None


@pytest.mark.parametrize(
    ("header", "meta", "era"),
    [
        ("", "", Era.LEGACY),
        ("2025-11-25", "", Era.LEGACY),
        ("2024-11-05", "", Era.LEGACY),
        ("2026-07-28", "", Era.MODERN),
        ("", "2026-07-28", Era.MODERN),
        ("2025-11-25", "2026-07-28", Era.MODERN),
        ("2031-01-01", "", Era.MODERN),
    ],
)
def test_the_era_of_a_request_follows_its_version(header: str, meta: str, era: Era) -> None:
    assert era_of(header, meta) is era
