"""Intervals longer than a hop may take otherwise, in real pipelines."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lab.doctor.finding import Finding, examine
from lab.local.programs import PROMETHEUS_FILE
from tests.lab.doctor.conftest import Lab, Settings
from tests.lab.doctor.test_metrics_hops import CLOSED, address, jobs
from tests.waiting import until

pytestmark = pytest.mark.slow

SLOW_SECONDS = 12.0


def examined(lab: Lab, **hops: Any) -> tuple[list[Finding], list[str]]:
    """The findings, and what was waited for."""
    waits: list[str] = []
    found = examine(replace(lab.hops, **hops), lambda hop, text: waits.append(f"{hop}: {text}"))
    return list(found), waits


@pytest.fixture(scope="module")
def slow(scraped: Lab) -> Iterator[Lab]:
    """Prometheus scrapes the proxies at a longer interval."""

    def slower(prometheus: Settings) -> None:
        for job in jobs(prometheus, address(scraped.hops.metrics)):
            job["scrape_interval"] = f"{SLOW_SECONDS:g}s"

    with scraped.changed("prometheus", PROMETHEUS_FILE, slower):
        yield scraped


def await_scrape(lab: Lab) -> dict[str, Any]:
    """Wait for a scrape of the proxy; the next is due an interval later."""
    where = address(lab.hops.metrics)

    def last() -> float:
        [target] = [each for each in lab.pipeline.prometheus.targets() if where in each.url]
        return target.scraped

    before = last()
    until(lambda: last() > before, seconds=60, what="the next scrape")
    return {"scraped": (where,), "store_seconds": SLOW_SECONDS, "wait": 6.0}


def test_a_call_that_is_scraped_later_is_not_lost(slow: Lab) -> None:
    found, [wait] = examined(slow, **await_scrape(slow))

    assert [each for each in found if each.fix] == []
    assert len(found) == 7
    assert wait.startswith("in Prometheus: due within 1")
    assert f"{slow.hops.metrics} is scraped every 12s, the last time" in wait


def test_a_wait_shorter_than_the_interval_leaves_it_open(slow: Lab) -> None:
    found, _ = examined(slow, **await_scrape(slow), patient=False)

    [left_open] = [each for each in found if each.fix]
    assert left_open.undetermined
    assert left_open.hop == "in Prometheus"
    assert "not due yet: " in left_open.saw
    assert "give 13 or more" in left_open.fix
    assert found[-1].hop == "rules"


def test_a_target_that_is_missing_is_not_waited_for(scraped: Lab) -> None:
    def without_job(prometheus: Settings) -> None:
        for job in jobs(prometheus, address(scraped.hops.metrics)):
            prometheus["scrape_configs"].remove(job)

    with scraped.changed("prometheus", PROMETHEUS_FILE, without_job):
        where = address(scraped.hops.metrics)
        found, waits = examined(scraped, scraped=(where,), store_seconds=60.0)

    assert found[-1].hop == "in Prometheus"
    assert f"Prometheus has no target at {where}" in found[-1].saw
    assert waits == []


def test_what_the_proxy_drops_is_not_waited_for(pushed: Lab) -> None:
    with pushed.with_variables(OTEL_EXPORTER_OTLP_ENDPOINT=CLOSED):
        found, waits = examined(pushed, push_seconds=60.0, store_seconds=60.0)

    assert found[-1].hop == "at the collector"
    # Spans are dropped first, but metrics may be before the doctor looks.
    assert found[-1].saw.startswith(("the proxy dropped traces: ", "the proxy dropped metrics: "))
    # None, where they were dropped by then.
    assert all(
        each.endswith("the proxy pushes metrics now, and may try for 10 s") for each in waits
    )


def test_a_path_that_has_delivered_nothing_for_longer_is_not_waited_for(written: Lab) -> None:
    seconds = 5.0
    with written.with_variables(OTEL_METRICS_EXPORTER="none"):
        own = f'mcp_proxy_upstream_up{{server="{written.hops.server}"}}'
        old = f"time() - timestamp({own}) > {seconds + 5}"
        query = written.pipeline.prometheus.query
        until(lambda: query(old), seconds=60, what="the samples are old")
        found, waits = examined(written, push_seconds=seconds)

    assert found[-1].hop == "in Prometheus"
    assert found[-1].is_lost
    assert waits == []


def test_a_target_that_has_nothing_to_do_with_it_is_not_blamed(written: Lab) -> None:
    def failing(prometheus: Settings) -> None:
        other = {"job_name": "other", "static_configs": [{"targets": [address(CLOSED)]}]}
        prometheus["scrape_configs"].append(other)

    query = written.pipeline.prometheus.query
    with (
        written.changed("prometheus", PROMETHEUS_FILE, failing),
        written.with_variables(OTEL_METRICS_EXPORTER="none"),
    ):
        until(lambda: query('up{job="other"} == 0'), seconds=30, what="a target fails")
        found, _ = examined(written, scraped=())

    assert found[-1].hop == "in Prometheus"
    assert "cannot scrape" not in found[-1].saw


def test_a_path_that_has_ended_is_no_second_one(pushed: Lab) -> None:
    def twice(prometheus: Settings) -> None:
        targets = {"targets": [address(pushed.hops.metrics)]}
        own = {"job_name": "again", "honor_labels": True, "static_configs": [targets]}
        prometheus["scrape_configs"].append(own)

    query = pushed.pipeline.prometheus.query
    with pushed.changed("prometheus", PROMETHEUS_FILE, twice):
        until(lambda: query('up{job="again"} == 1'), seconds=30, what="the second path is scraped")
    series = f'mcp_proxy_upstream_up{{server="{pushed.hops.server}"}}'
    assert len(query(series)) > 1
    found, _ = examined(pushed, wait=10.0)

    assert [each for each in found if each.fix] == []
    assert len(found) == 7
