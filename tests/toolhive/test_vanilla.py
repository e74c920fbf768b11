"""ToolHive's series as they are give data on every panel, variable and rule of its variant."""

import re
from pathlib import Path

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.promql.schema import LabelSchema
from dashboards.queries import bundle_queries
from dashboards.variants import toolhive
from lab.prometheus_api import Prometheus
from proxy.telemetry.catalogue import CONTRACT_LABELS, METRICS
from tests.toolhive.emitted import VERSIONS
from tests.toolhive.vanilla import running

pytestmark = pytest.mark.slow

LAYOUTS = [(version, ingestion) for version in VERSIONS for ingestion in toolhive.INGESTION_PATHS]

NOT_USED = {
    "toolhive_mcp_request_duration_seconds_bucket": "0.3.5: its first bucket ends at 5 s",
    "mcp_server_operation_duration_seconds_bucket": "0.44.0: it does not name the server",
    "mcp_server_operation_duration_seconds_count": "0.44.0: it does not name the server",
    "mcp_server_operation_duration_seconds_sum": "0.44.0: it does not name the server",
}
"""Series that arrive and that the variant does not use, with the reason."""


MEANINGLESS = {"otel-scrape-exported": {"job"}}
"""Labels of the contract that arrive with another meaning: the collector's own scrape job."""


def arriving(prometheus: Prometheus) -> dict[str, set[str]]:
    """ToolHive's series in Prometheus, each with every label that any of them carries."""
    found: dict[str, set[str]] = {}
    for labels in prometheus.series('{__name__=~"(toolhive_)?mcp_.+"}'):
        found.setdefault(labels["__name__"], set()).update(labels)
    return found


def used(schema: LabelSchema) -> dict[str, set[str]]:
    """The series that the schema has, each with the labels that it relies on."""
    return {
        name: set(mapping.labels.values())
        for name, mapping in schema.series.items()
        if name == mapping.name and name.startswith("toolhive_")
    }


def possible(name: str) -> set[str]:
    """The labels of the contract that a series of this name can have."""
    of = next(each for each in METRICS if name.startswith(each.family))
    return {*of.labels, *CONTRACT_LABELS, "le"}


@pytest.mark.parametrize(("version", "ingestion"), LAYOUTS)
def test_every_query_has_data_and_every_series_its_labels(
    version: str, ingestion: str, tmp_path: Path
) -> None:
    bundle = monitoring_bundle(toolhive.variant(version, ingestion))

    with running(version, ingestion, bundle, tmp_path) as pipeline:
        missing = pipeline.unanswered(bundle_queries(bundle))
        failing = [each for each in pipeline.prometheus.rules() if each.health == "err"]
        found = arriving(pipeline.prometheus)

    assert [(each.board, each.panel, each.expr) for each in missing] == []
    assert failing == []
    known = used(toolhive.variant(version, ingestion).schema)
    assert {
        name: labels - found[name] for name, labels in known.items() if labels - found[name]
    } == {}
    unknown = {name for name in found if name not in known}
    assert unknown <= set(NOT_USED)
    assert all(re.match(version, NOT_USED[name]) for name in unknown)
    overlooked = {name: (found[name] & possible(name)) - labels for name, labels in known.items()}
    assert set().union(*overlooked.values()) <= MEANINGLESS.get(ingestion, set())
