"""The hops of the metrics, each broken in a real pipeline."""

import re
from collections.abc import Callable

import pytest

from lab.local.programs import COLLECTOR_FILE, DATA_FOLDER, PROMETHEUS_FILE
from tests.lab.doctor.conftest import PROXY, Lab, Settings, too_little_memory
from tests.waiting import until

pytestmark = pytest.mark.slow

CLOSED = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("hops", "hop", "words"),
    [
        ({"collector": CLOSED}, "at the collector", "start the collector"),
        ({"prometheus": CLOSED}, "in Prometheus", "start Prometheus, or correct its URL"),
    ],
)
def test_a_part_that_is_not_there(pushed: Lab, hops: dict[str, str], hop: str, words: str) -> None:
    lost, text = pushed.lost(**hops)

    assert lost == hop
    assert words in text


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": CLOSED}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_METRICS_EXPORTER": "none"}, "OTEL_METRICS_EXPORTER=otlp"),
    ],
)
def test_a_proxy_that_pushes_elsewhere_or_nothing(
    pushed: Lab, variables: dict[str, str], words: str
) -> None:
    with pushed.with_variables(**variables):
        lost, text = pushed.lost()

    assert lost == "at the collector"
    assert words in text


def without_metrics(collector: Settings) -> None:
    del collector["service"]["pipelines"]["metrics"]


def without_suffixes(collector: Settings) -> None:
    exporter = collector["exporters"]["prometheus"]
    exporter["translation_strategy"] = "UnderscoreEscapingWithoutSuffixes"
    exporter["enable_open_metrics"] = False  # OpenMetrics has the suffix anyway.


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_metrics, "no pipeline for metrics"),
        (without_suffixes, "translation_strategy"),
        (too_little_memory, "memory limiter"),
    ],
)
def test_a_collector_that_passes_no_metrics_on(
    pushed: Lab, change: Callable[[Settings], None], words: str
) -> None:
    with pushed.changed("collector", COLLECTOR_FILE, change):
        lost, text = pushed.lost()

    assert lost == "at the collector"
    assert words in text


def jobs(prometheus: Settings, target: str) -> list[Settings]:
    """The scrape jobs of an address."""
    return [
        each
        for each in prometheus["scrape_configs"]
        if any(target in one["targets"] for one in each["static_configs"])
    ]


def address(url: str | None) -> str:
    return str(url).removeprefix("http://").removesuffix("/metrics")


def test_labels_of_the_scrape_win_over_those_of_the_series(pushed: Lab) -> None:
    def without_honor(prometheus: Settings) -> None:
        [job] = jobs(prometheus, address(pushed.hops.collected))
        job["honor_labels"] = False
        job["static_configs"][0]["labels"]["server"] = "collector"

    with pushed.changed("prometheus", PROMETHEUS_FILE, without_honor):
        hop, text = pushed.lost()

    assert hop == "in Prometheus"
    assert "honor_labels: true" in text


def test_no_job_scrapes_the_proxy(scraped: Lab) -> None:
    def without_job(prometheus: Settings) -> None:
        [job] = jobs(prometheus, address(scraped.hops.metrics))
        targets = job["static_configs"]
        job["static_configs"] = [
            each for each in targets if address(scraped.hops.metrics) not in each["targets"]
        ]

    with scraped.changed("prometheus", PROMETHEUS_FILE, without_job):
        hop, text = scraped.lost()

    assert hop == "in Prometheus"
    assert "all its targets are up" in text


def test_a_job_scrapes_another_port(scraped: Lab) -> None:
    def elsewhere(prometheus: Settings) -> None:
        for job in jobs(prometheus, address(scraped.hops.metrics)):
            for each in job["static_configs"]:
                if address(scraped.hops.metrics) in each["targets"]:
                    each["targets"] = ["127.0.0.1:1"]

    with scraped.changed("prometheus", PROMETHEUS_FILE, elsewhere):
        hop, text = scraped.lost()

    assert hop == "in Prometheus"
    assert "cannot scrape" in text
    assert "connection refused" in text


def test_both_paths_carry_the_metrics(pushed: Lab) -> None:
    def twice(prometheus: Settings) -> None:
        targets = {"targets": [address(pushed.hops.metrics)]}
        own = {"job_name": "again", "honor_labels": True, "static_configs": [targets]}
        prometheus["scrape_configs"].append(own)

    with pushed.changed("prometheus", PROMETHEUS_FILE, twice):
        query = pushed.pipeline.prometheus.query
        until(lambda: query('up{job="again"} == 1'), seconds=30, what="the second path is scraped")
        hop, text = pushed.lost()

    assert hop == "in Prometheus"
    assert "stored 2 times" in text


def test_prometheus_stores_native_histograms_only(scraped: Lab) -> None:
    def converting(prometheus: Settings) -> None:
        prometheus["global"]["convert_classic_histograms_to_nhcb"] = True

    with scraped.changed("prometheus", PROMETHEUS_FILE, converting):
        hop, text = scraped.lost()

    assert hop == "in Prometheus"
    assert "as a native histogram only" in text
    assert "NATIVE_HISTOGRAMS=on" in text


def test_prometheus_does_not_take_what_is_written(written: Lab) -> None:
    own = written.pipeline.specs["prometheus"].arguments
    receiver = "--web.enable-remote-write-receiver"
    written.restart("prometheus", tuple(each for each in own if each != receiver))
    try:
        hop, text = written.lost()
    finally:
        written.restart("prometheus")

    assert hop == "in Prometheus"
    assert "--web.enable-remote-write-receiver" in text


def test_no_rules_are_loaded(pushed: Lab) -> None:
    def without_rules(prometheus: Settings) -> None:
        prometheus["rule_files"] = []

    with pushed.changed("prometheus", PROMETHEUS_FILE, without_rules):
        hop, text = pushed.lost()

    assert hop == "rules"
    assert "not loaded" in text


@pytest.mark.parametrize("seconds", [300, -1200])
def test_the_clock_of_a_proxy_that_pushes_is_wrong(written: Lab, seconds: int) -> None:
    with written.with_clock(PROXY, seconds):
        hop, text = written.lost()

    assert hop == "in Prometheus"
    assert re.search(r" 30\d s ahead" if seconds > 0 else r" 1[12]\d\d s behind", text)


def test_the_disk_of_prometheus_is_full(pushed: Lab) -> None:
    with pushed.on_small_disk("prometheus", pushed.folder / DATA_FOLDER) as fill:
        fill()
        hop, text = pushed.lost()

    assert hop == "in Prometheus"
    assert "free its disk" in text
