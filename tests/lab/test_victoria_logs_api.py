"""Responses of VictoriaLogs are records or Unreachable."""

import pytest

from lab.prometheus_api import Unreachable
from lab.victoria_logs_api import VictoriaLogs
from tests.lab.scripted import answering


@pytest.mark.parametrize(("status", "body"), [(503, {}), (400, []), (200, "<html>")])
def test_an_unusable_response_is_unreachable(status: int, body: object) -> None:
    with answering(status, body) as url, pytest.raises(Unreachable):
        VictoriaLogs(url).records("*", 1)


def test_a_refused_connection_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        VictoriaLogs("http://127.0.0.1:1").records("*", 1)


def test_each_line_is_a_record() -> None:
    with answering(200, {"_msg": "call failed", "status": "200"}) as url:
        assert VictoriaLogs(url).records("*", 1) == ({"_msg": "call failed", "status": "200"},)
