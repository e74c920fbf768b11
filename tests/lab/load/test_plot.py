"""The page of charts, in a real browser."""

from pathlib import Path

import pytest

from lab.load.run import main
from tests.browser import browser, complaints, shown, texts
from tests.lab.load.echo import echo

pytestmark = pytest.mark.slow


def test_every_chart_is_drawn_without_a_network(tmp_path: Path) -> None:
    with echo() as address:
        options = ("--steps", "100..200x2", "--out", str(tmp_path))
        main(["streamable-20,unique-20", "--url", f"http://{address}/mcp", *options])

    with browser() as driver:
        driver.get(f"file://{tmp_path}/load.html")

        shown(driver, "#time-1 .scatterlayer .trace")
        assert complaints(driver) == []
        titles = texts(driver, ".gtitle")
    assert titles == [
        "Latency by percentile",
        "streamable-20: calls",
        "streamable-20: latency",
        "unique-20: calls",
        "unique-20: latency",
    ]
