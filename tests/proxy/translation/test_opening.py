"""Which era a server speaks, by what it answers (2026-07-28, Backward Compatibility)."""

from typing import Any

import pytest

from proxy.jsonrpc import methods
from proxy.jsonrpc.members import raw
from proxy.translation.effects import Effects, Failed, Opened
from proxy.translation.opening import Opening
from proxy.translation.request import plain
from proxy.translation.versions import Era
from tests.proxy.translation.messages import CLIENT_INFO, Json, fields, sent

CAPABILITIES: Json = {"elicitation": {}}
INITIALIZED = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}


def opening(known: Era | None = None) -> Opening:
    return Opening(known, raw(CLIENT_INFO), raw(CAPABILITIES))


def discovered(**answer: Any) -> Effects:
    """What comes of an answer to the first question of a server about which nothing is known."""
    fresh = opening()
    assert [each["method"] for each in sent(fresh.start())] == [methods.DISCOVER]
    return fresh.receive(fields(id=methods.DISCOVER, **answer))


def unsupported(*versions: str) -> dict[str, Any]:
    return {"code": -32022, "message": "", "data": {"supported": versions}}


@pytest.mark.parametrize(
    "answer",
    [
        {"result": {"supportedVersions": ["2026-07-28"], "capabilities": {}}},
        {"result": {"supportedVersions": ["2025-11-25", "2026-07-28"]}},
        {"error": unsupported("2026-07-28")},
        {"error": {"code": -32021, "message": "needs a capability"}},
        {"error": {"code": -32020, "message": "header mismatch"}},
    ],
)
def test_a_discovery_or_a_modern_error_shows_a_modern_server(answer: dict[str, Any]) -> None:
    assert discovered(**answer) == [Opened(Era.MODERN, None)]


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32601, "message": "no such method"}},
        {"error": {"code": -32602, "message": "not initialized"}},
        {"error": {"code": 0, "message": ""}},
        {"error": "broken"},
        {"error": unsupported("2025-11-25")},
        {"result": {"supportedVersions": ["2025-11-25"]}},
        {"result": {}},
        {"result": {"supportedVersions": "2026-07-28"}},
        {"result": None},
    ],
)
def test_any_other_answer_leads_to_the_handshake(answer: dict[str, Any]) -> None:
    (asked,) = sent(discovered(**answer))
    assert asked["method"] == "initialize"
    assert asked["params"] == {
        "protocolVersion": "2025-11-25",
        "capabilities": CAPABILITIES,
        "clientInfo": CLIENT_INFO,
    }


def test_a_server_of_unknown_versions_only_is_given_up() -> None:
    (failed,) = discovered(error=unsupported("2031-01-01"))
    assert isinstance(failed, Failed)


def test_silence_leads_to_the_handshake() -> None:
    fresh = opening()
    fresh.start()
    assert [each["method"] for each in sent(fresh.give_up_probing())] == ["initialize"]
    assert fresh.give_up_probing() == []


def test_the_handshake_ends_with_initialized_and_the_servers_result() -> None:
    fresh = opening(Era.LEGACY)
    assert [each["method"] for each in sent(fresh.start())] == ["initialize"]
    effects = fresh.receive(fields(id=methods.INITIALIZE, result=INITIALIZED))
    assert [each["method"] for each in sent(effects)] == ["notifications/initialized"]
    opened = effects[-1]
    assert isinstance(opened, Opened)
    assert opened.result is not None
    assert (opened.era, plain(opened.result)) == (Era.LEGACY, INITIALIZED)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32602, "message": "no"}},
        {"result": {"protocolVersion": "1999-01-01"}},
        {"result": {}},
        {"error": unsupported("2031-01-01")},
    ],
)
def test_a_handshake_that_fails_is_reported(answer: dict[str, Any]) -> None:
    fresh = opening(Era.LEGACY)
    fresh.start()
    (failed,) = fresh.receive(fields(id=methods.INITIALIZE, **answer))
    assert isinstance(failed, Failed)


def test_a_slow_modern_server_is_found_out_by_its_late_answer() -> None:
    fresh = opening()
    fresh.start()
    fresh.give_up_probing()
    late = fields(id=methods.DISCOVER, result={"supportedVersions": ["2026-07-28"]})
    assert fresh.receive(late) == [Opened(Era.MODERN, None)]
    assert fresh.receive(fields(id=methods.INITIALIZE, error=unsupported("2026-07-28"))) == []


def test_a_modern_server_that_refuses_the_handshake_is_modern() -> None:
    fresh = opening(Era.LEGACY)
    fresh.start()
    rejection = fields(id=methods.INITIALIZE, error=unsupported("2026-07-28"))
    assert fresh.receive(rejection) == [Opened(Era.MODERN, None)]


def test_a_late_refusal_of_the_probe_does_not_repeat_the_handshake() -> None:
    fresh = opening()
    fresh.start()
    fresh.give_up_probing()
    assert fresh.receive(fields(id=methods.DISCOVER, error={"code": -32601, "message": ""})) == []


def test_a_known_modern_server_is_asked_nothing() -> None:
    assert opening(Era.MODERN).start() == [Opened(Era.MODERN, None)]


def test_what_the_server_says_of_its_own_accord_is_no_answer() -> None:
    fresh = opening()
    fresh.start()
    assert fresh.receive(fields(method="ping", id=methods.DISCOVER)) == []
    assert fresh.receive(fields(id=7, result={})) == []
    assert fresh.probing
