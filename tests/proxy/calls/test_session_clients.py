"""Which client opened a session, until the session is over or forgotten."""

from proxy.calls import session_clients
from proxy.calls.session_clients import SessionClients
from proxy.telemetry.client_info import ClientInfo

AGENT = ClientInfo("agent", "1")


def test_a_session_has_the_client_that_opened_it_last_until_it_is_over() -> None:
    clients = SessionClients()
    assert clients.get("s") is None
    clients.set("s", ClientInfo("before", ""))
    clients.set("s", AGENT)
    assert clients.get("s") == AGENT
    clients.forget("s")
    assert clients.get("s") is None


def test_the_longest_unused_session_is_forgotten_for_one_more() -> None:
    clients = SessionClients()
    for number in range(session_clients.MOST_SESSIONS):
        clients.set(f"{number}", AGENT)
    assert clients.get("0") == AGENT
    clients.set("one more", AGENT)
    assert [clients.get(each) is None for each in ("0", "1", "2", "one more")] == [
        False, True, False, False,
    ]  # fmt: skip


def test_long_session_ids_are_not_kept() -> None:
    clients = SessionClients()
    clients.set("x" * 1_000_000, AGENT)
    assert clients.get("x" * 1_000_000) == AGENT
    assert clients.get("x" * 999_999) is None
