"""Light traffic goes on for session after session, and fails now and then."""

from itertools import islice

import pytest

from dashboards.thresholds import DEFAULTS
from lab.load.client import LoadFailed, ServerLost, outcomes
from lab.load.light_traffic import ROUND, SESSIONS, light_traffic
from proxy.telemetry.catalogue import Outcome
from tests.lab.load.echo import echo


def test_light_traffic_goes_on_for_more_than_one_session(address: str) -> None:
    lost: list[ServerLost] = []
    traffic = light_traffic(f"http://{address}/mcp", lost.append)
    assert len(list(islice(traffic, 2 * ROUND))) == 2 * ROUND
    assert lost == []


def test_light_traffic_fails_now_and_then_and_keeps_the_objective() -> None:
    calls = outcomes(call for session in SESSIONS for burst in session for call in burst)
    assert 0 < calls.total() - calls[Outcome.OK] < (1 - DEFAULTS.slo_success) * calls.total()


def test_every_session_of_light_traffic_takes_as_many_steps() -> None:
    assert {len(session) + 2 for session in SESSIONS} == {ROUND}


def test_light_traffic_tells_of_a_lost_session_and_opens_another() -> None:
    lost: list[ServerLost] = []
    with echo() as listening:
        traffic = light_traffic(f"http://{listening}/mcp", lost.append)
        next(traffic)
    with echo("--listen", listening):
        assert len(list(islice(traffic, ROUND))) == ROUND
        traffic.close()
    assert [str(each) for each in lost] == [
        f"http://{listening}/mcp: HTTP 404, no such session: {lost_session(lost)}"
    ]


def lost_session(lost: list[ServerLost]) -> str:
    """The name of the one session that was lost."""
    return str(lost[0]).rpartition(": ")[2]


def test_light_traffic_ends_when_nobody_listens() -> None:
    lost: list[ServerLost] = []
    with pytest.raises(LoadFailed, match=r"POST http://127.0.0.1:1/mcp"):
        next(light_traffic("http://127.0.0.1:1/mcp", lost.append))
    assert lost == []
