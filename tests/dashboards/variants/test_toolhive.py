"""Versions of ToolHive: which have quantiles, and which are refused."""

import pytest

from dashboards.expressions import calls
from dashboards.variants.toolhive import UnknownIngestionPath, UnknownVersion, variant


@pytest.mark.parametrize(
    ("version", "has_quantiles"),
    [
        *((each, True) for each in ("0.44.0", "v0.44.0", "0.44", "0.9.4", "1.0.0", "0.100.0")),
        *((each, False) for each in ("0.3.5", "v0.3.10", "0.9.3")),
    ],
)
def test_a_version_from_0_9_4_on_has_quantiles(version: str, has_quantiles: bool) -> None:
    assert (calls.BUCKETS.name in variant(version, "otel-scrape").schema.series) is has_quantiles


@pytest.mark.parametrize(
    "version", ["", "0", "latest", "0.44.0-rc1", "0.44.0.1", "0.4.\u0664", "-1.2"]
)
def test_what_is_not_a_version_is_refused(version: str) -> None:
    with pytest.raises(UnknownVersion, match="is not a version of ToolHive, such as 0.44"):
        variant(version, "otel-scrape")


def test_a_version_that_is_too_old_is_refused() -> None:
    with pytest.raises(UnknownVersion, match='"0.3.4" is too old; .* is 0.3.5'):
        variant("0.3.4", "otel-scrape")


def test_an_unknown_ingestion_path_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownIngestionPath, match='"kafka" is not an .*; choose direct-scrape, '):
        variant("0.44.0", "kafka")
