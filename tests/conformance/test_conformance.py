"""The official suite's verdict on the reference server, with our proxy before it and without."""

from collections.abc import Mapping

import pytest

from tests.conformance.comparison import differences, failures
from tests.conformance.roads import DIRECT
from tests.conformance.runs import PAIRS, REVISIONS, Pair, Run, installed, run_all
from tests.conformance.suite import Suite

pytestmark = pytest.mark.slow

PROXIED = tuple(each for each in PAIRS if each.road is not DIRECT)


def named(pair: Pair) -> str:
    return f"{pair.road.name}, {pair.revision}"


@pytest.fixture(scope="module")
def suite() -> Suite:
    return installed()


@pytest.fixture(scope="module")
def runs(suite: Suite) -> Mapping[tuple[str, str], Run]:
    return run_all(suite, PAIRS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_reference_server_passes_everything_required(
    suite: Suite, runs: Mapping[tuple[str, str], Run], revision: str
) -> None:
    results = runs[DIRECT.name, revision].results
    assert failures(results, suite.required(revision)) == ()


@pytest.mark.parametrize("pair", PROXIED, ids=named)
def test_the_suite_finds_the_same_through_the_proxy(
    runs: Mapping[tuple[str, str], Run], pair: Pair
) -> None:
    direct, run = runs[DIRECT.name, pair.revision], runs[pair.road.name, pair.revision]
    assert differences(direct.results, run.results, pair.road.not_applicable) == ()


@pytest.mark.parametrize("pair", PROXIED, ids=named)
def test_telemetry_recorded_every_call_meanwhile(
    runs: Mapping[tuple[str, str], Run], pair: Pair
) -> None:
    telemetry = runs[pair.road.name, pair.revision].telemetry
    assert telemetry is not None
    assert telemetry.calls > len(runs[pair.road.name, pair.revision].results)
    assert telemetry.spans >= telemetry.calls
    assert telemetry.dropped == 0
    assert telemetry.scrapes > 0
    assert telemetry.pushes > 0
