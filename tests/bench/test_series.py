"""The number of series that the documentation gives is that of a real proxy."""

import re
from pathlib import Path

import pytest

from tests.bench.series import CLIENTS, OF_A_SCRAPE, SERVERS, TOOLS, series_of_one

PAGE = Path(__file__).parents[2] / "docs/metrics.md"


def documented(pattern: str) -> int:
    found = re.search(pattern, PAGE.read_text(encoding="utf-8"))
    assert found
    return int(found[1].replace(",", ""))


@pytest.mark.slow
def test_the_documented_number_is_measured() -> None:
    one = documented(rf"A server with {TOOLS} tools and {CLIENTS} clients has ([\d,]+) series")

    assert series_of_one(TOOLS, CLIENTS).total() + OF_A_SCRAPE == pytest.approx(one, rel=0.03)
    assert documented(rf"{SERVERS} of them ([\d,]+)") == one * SERVERS


@pytest.mark.slow
def test_clients_add_to_their_own_family_only() -> None:
    few, many = (series_of_one(6, clients) for clients in (2, 5))

    grown = {family for family, number in many.items() if number > few[family]}
    assert grown == {f"mcp_proxy_client_{each}" for each in ("calls", "info", "results_bytes")}
