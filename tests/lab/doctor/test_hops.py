"""A pipeline that works loses nothing."""

from dataclasses import replace

import pytest

from lab.doctor.finding import examine
from tests.lab.doctor.conftest import Lab

pytestmark = pytest.mark.slow

ODD_NAME = 'naïve "weather" {v=1},\\ 天気 😀'


@pytest.mark.parametrize("architecture", ["pushed", "scraped", "written"])
def test_nothing_is_lost_in_a_pipeline_that_works(
    architecture: str, request: pytest.FixtureRequest
) -> None:
    found = list(examine(replace(request.getfixturevalue(architecture).hops, wait=15.0)))

    assert [each for each in found if each.fix] == []
    assert len(found) == 7


def test_a_server_with_an_odd_name_is_followed_all_the_way(pushed: Lab) -> None:
    with pushed.with_variables(OTEL_SERVICE_NAME=ODD_NAME):
        found = list(examine(replace(pushed.hops, server=ODD_NAME, wait=15.0)))

    assert [each for each in found if each.fix] == []
    assert len(found) == 7
