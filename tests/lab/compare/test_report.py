"""The page and the JSON of a comparison."""

import json
from dataclasses import replace
from math import nan

from lab.compare.report import as_json, markdown
from lab.compare.result import Waits
from lab.docs import measured_summary
from tests.lab.compare.measurements import OUTAGE_OF_PROMETHEUS, comparison, measurement


def test_the_readme_shows_a_part_of_the_summary() -> None:
    assert measured_summary(markdown(OUTAGE_OF_PROMETHEUS)) == {
        "otel-scrape": "1.5 s, 61 s, 300 µs",
        "otel-remote-write": "1.5 s, 0 s, 400 µs",
        "direct-scrape": "0.50 s, 61 s, 200 µs",
    }


def test_each_outage_has_a_table_with_what_was_lost() -> None:
    page = markdown(OUTAGE_OF_PROMETHEUS)
    restart = page.partition("## Outage: proxy-restart")[2]
    assert "| `otel-scrape` | 1,000 | 100 | 0 | 0 of 2,000 |" in restart
    assert "Prometheus is stopped for 60 s." in page
    assert "The proxy is restarted, which takes 60 s." in page


def test_parts_and_connections_are_shown_per_call() -> None:
    page = markdown(OUTAGE_OF_PROMETHEUS)
    assert "| `otel-scrape` | 300 µs, 40 MiB |" in page
    assert "| architecture | metrics, proxy to collector | spans, collector to Jaeger |" in page
    assert "| `otel-scrape` | 400 | 600 | 9,000 |" in page
    assert "The same proxy without telemetry takes 200 µs per call." in page


def test_a_run_on_a_busy_machine_is_marked() -> None:
    late = comparison(measurement("hybrid", lag=0.25), measurement("otel-scrape"))
    assert "in 1 of 2 measurements calls were sent late (99 of 100 within 250 ms)" in markdown(late)
    assert "busy" not in markdown(OUTAGE_OF_PROMETHEUS)
    few = comparison(measurement("hybrid", calls=900))
    assert "too slow for all calls: as few as 900 were sent" in markdown(few)
    assert "too slow" not in markdown(late)


def test_what_was_not_measured_is_a_dash() -> None:
    lost = Waits(nan, nan, nan)
    alone = replace(comparison(measurement("hybrid", "link", trace=lost)), bare_cpu_seconds=None)
    assert "| `hybrid` | - | - | 0 s | 0 | 0 | - | - |" in markdown(alone)
    assert "| - / - / - |" in markdown(alone)


def test_json_has_every_measurement_and_null_for_not_a_number() -> None:
    lost = measurement("hybrid", "link", trace=Waits(nan, nan, nan))
    [found] = json.loads(as_json(comparison(lost)))["measurements"]
    assert found["trace"] == {"p50": None, "p99": None, "longest": None}
    assert found["wire_bytes"]["spans, collector to Jaeger"] == 600_000
