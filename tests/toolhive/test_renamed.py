"""ToolHive after it renames its series: the same boards and rules, without any option.

Both the boards of its own variant and the default ones, on its new names alone, and on both.
"""

from pathlib import Path

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.queries import bundle_queries
from dashboards.renamed_series import RENAMED as RULES
from dashboards.variants import toolhive
from lab.prometheus_api import Prometheus
from stacks.charts import Profile
from tests.toolhive import unified, vanilla
from tests.toolhive.emitted import BOTH, RENAMED
from tests.toolhive.test_unified import asked, lacking

pytestmark = pytest.mark.slow

OLD = {rule.record for rule in RULES if rule.record.startswith("toolhive_")}


def written(prometheus: Prometheus) -> set[str]:
    """The series under the present names that come from rules."""
    return {each["__name__"] for each in prometheus.series('{renamed!=""}')}


@pytest.mark.parametrize("ingestion", [vanilla.DIRECT, vanilla.REMOTE_WRITE])
def test_its_own_boards_have_data_of_the_new_names(ingestion: str, tmp_path: Path) -> None:
    bundle = monitoring_bundle(toolhive.variant(toolhive.NEWEST, ingestion))
    with vanilla.running(RENAMED, ingestion, bundle, tmp_path) as pipeline:
        missing = pipeline.unanswered(bundle_queries(bundle))
        failing = [each for each in pipeline.prometheus.rules() if each.health == "err"]
        restored = written(pipeline.prometheus)

    assert [(each.board, each.panel, each.expr) for each in missing] == []
    assert failing == []
    assert restored >= OLD


@pytest.mark.parametrize("architecture", ["direct-scrape", "otel-remote-write"])
def test_the_default_boards_have_data_of_the_new_names(architecture: str, tmp_path: Path) -> None:
    wholly, partly = lacking(architecture, Profile.CURRENT)
    queries = tuple(each for each in asked(architecture) if each.panel not in wholly | partly)
    with unified.running(architecture, Profile.CURRENT, tmp_path, RENAMED) as pipeline:
        missing = pipeline.unanswered(queries)
        failing = [each for each in pipeline.prometheus.rules() if each.health == "err"]

    assert len(queries) > 200
    assert [(each.board, each.panel, each.expr) for each in missing] == []
    assert failing == []


def test_nothing_counts_twice_while_both_names_are_exposed(tmp_path: Path) -> None:
    bundle = monitoring_bundle(toolhive.variant(toolhive.NEWEST, vanilla.DIRECT))
    with vanilla.running(BOTH, vanilla.DIRECT, bundle, tmp_path) as pipeline:
        missing = pipeline.unanswered(bundle_queries(bundle))
        restored = written(pipeline.prometheus)

    assert missing == ()
    assert restored & OLD == set()
