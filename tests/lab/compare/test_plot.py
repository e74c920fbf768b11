"""The page of charts, in a real browser."""

from pathlib import Path

import pytest

from lab.compare.plot import html
from tests.browser import browser, complaints, shown, texts
from tests.lab.compare.measurements import OUTAGE_OF_PROMETHEUS

pytestmark = pytest.mark.slow


def test_every_chart_is_drawn_without_a_network(tmp_path: Path) -> None:
    page = tmp_path / "comparison.html"
    page.write_text(html(OUTAGE_OF_PROMETHEUS, "a text"), encoding="utf-8")

    with browser() as driver:
        driver.get(f"file://{page}")

        shown(driver, "#behind-proxy-restart .scatterlayer .trace")
        shown(driver, "#gaps .barlayer .trace")
        assert complaints(driver) == []
        titles = texts(driver, ".gtitle")
    assert titles == [
        "From a call to its increment and its trace",
        "Longest time without a sample",
        "Increments lost or doubled",
        "Spans lost",
        "CPU per call",
        "Most memory",
        "Bytes per call",
        "Outage prometheus: answered calls that are not in the metrics yet",
        "Outage proxy-restart: answered calls that are not in the metrics yet",
    ]
