"""The hop of the trace, broken in a real pipeline."""

import re

import pytest

from lab.local.programs import COLLECTOR_FILE
from tests.lab.doctor.conftest import PROXY, Lab, Settings, too_little_memory

pytestmark = pytest.mark.slow


def test_a_store_that_is_not_there(pushed: Lab) -> None:
    lost, text = pushed.lost(jaeger="http://127.0.0.1:1")

    assert lost == "in the trace store"
    assert "start Jaeger, or correct its URL" in text


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "none"}, "OTEL_TRACES_EXPORTER=otlp"),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, "always_off samples none"),
    ],
)
def test_a_proxy_that_exports_no_span(pushed: Lab, variables: dict[str, str], words: str) -> None:
    with pushed.with_variables(**variables):
        lost, text = pushed.lost()

    assert lost == "in the trace store"
    assert words in text


def traces_elsewhere(collector: Settings) -> None:
    for name, exporter in collector["exporters"].items():
        if name.startswith("otlp"):
            exporter["endpoint"] = "127.0.0.1:1"


def test_a_collector_that_exports_elsewhere(pushed: Lab) -> None:
    with pushed.changed("collector", COLLECTOR_FILE, traces_elsewhere):
        lost, text = pushed.lost()

    assert lost == "in the trace store"
    assert "could not export spans" in text


def test_the_collectors_memory_limiter_refuses_the_spans(scraped: Lab) -> None:
    with scraped.changed("collector", COLLECTOR_FILE, too_little_memory):
        hop, text = scraped.lost()

    assert hop == "at the collector"
    assert "spans" in text


def test_the_clock_of_a_proxy_that_is_scraped_is_wrong(scraped: Lab) -> None:
    with scraped.with_clock(PROXY, 300):
        hop, text = scraped.lost()

    assert hop == "in the trace store"
    assert re.search(r" 30\d s ahead", text)


def test_the_disk_of_jaeger_is_full(pushed: Lab) -> None:
    folder = pushed.folder / "jaeger-data"
    folder.mkdir()
    badger = {
        "SPAN_STORAGE_TYPE": "badger",
        "BADGER_EPHEMERAL": "false",
        "BADGER_DIRECTORY_VALUE": f"{folder}/values",
        "BADGER_DIRECTORY_KEY": f"{folder}/keys",
    }
    with pushed.on_small_disk("jaeger", folder, **badger) as fill:
        fill()
        hop, text = pushed.lost()

    assert hop == "in the trace store"
    # Jaeger may still respond, or not.
    assert "a full disk" in text or "free the trace store's disk" in text
