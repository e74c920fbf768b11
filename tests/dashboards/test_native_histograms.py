"""Classic histograms restored from native ones with custom buckets."""

import json
from itertools import accumulate

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.native_histograms import BOUNDS, restored
from dashboards.queries import bundle_queries
from dashboards.rules import RuleOptions, document
from dashboards.variants import toolhive
from dashboards.variants.variant import UNIFIED, Variant
from tests.dashboards.parsed_promql import selectors
from tests.dashboards.promtool import Promtool, Replay

TOOLHIVE = toolhive.variant(toolhive.NEWEST, "direct-scrape")
FAMILY = "mcp_proxy_overhead_seconds"
LABELS = 'namespace="ns",server="echo"'


def native(counts: list[int], total: float) -> str:
    """A histogram in promtool's notation; the last count is of what is above all bounds."""
    bounds = " ".join(f"{each:g}" for each in BOUNDS[FAMILY])
    buckets = " ".join(map(str, counts))
    size = f"sum:{total:g} count:{sum(counts)}"
    return f"{{{{schema:-53 {size} custom_values:[{bounds}] buckets:[{buckets}]}}}}"


def played(values: list[str], expected: dict[str, dict[str, float]]) -> Replay:
    rules = document(monitoring_bundle(), RuleOptions(native_histograms=True))["groups"][:1]
    tests = [
        {
            "expr": expr,
            "eval_time": f"{len(values) - 1}m",
            "exp_samples": [{"labels": labels, "value": n} for labels, n in samples.items()],
        }
        for expr, samples in expected.items()
    ]
    series = [{"series": f"{FAMILY}{{{LABELS}}}", "values": " ".join(values)}]
    case = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    written = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [case]}
    return Replay(json.dumps({"groups": rules}), json.dumps(written))


@pytest.mark.slow
@pytest.mark.parametrize("observed", [0, 1, 7])
def test_every_bucket_count_and_sum_is_what_was_observed(promtool: Promtool, observed: int) -> None:
    """7 of 7 x n observations are no exact fraction; a histogram of none has no fractions."""
    counts = [observed * n for n, _ in enumerate((*BOUNDS[FAMILY], None), 1)]
    bounds = [*(f"{each:g}" for each in BOUNDS[FAMILY]), "+Inf"]
    upto = zip(bounds, accumulate(counts), strict=True)
    expected: dict[str, dict[str, float]] = {
        f"{FAMILY}_bucket": {f'{FAMILY}_bucket{{{LABELS},le="{bound}"}}': n for bound, n in upto},
        f"{FAMILY}_count": {f"{FAMILY}_count{{{LABELS}}}": sum(counts)},
        f"{FAMILY}_sum": {f"{FAMILY}_sum{{{LABELS}}}": 2.5},
    }

    assert promtool.replays([played([native(counts, 2.5)], expected)]) == ""


@pytest.mark.slow
def test_a_bucket_that_gets_no_more_observations_is_no_reset_counter(promtool: Promtool) -> None:
    minutes = 400
    few = [55, *[0] * (len(BOUNDS[FAMILY]) - 1)]
    values = [native([*few, n], n) for n in range(minutes)]
    expected = {f"sum(resets({FAMILY}_bucket[{minutes}m]))": {"{}": 0.0}}

    assert promtool.replays([played(values, expected)]) == ""


@pytest.mark.parametrize("variant", [UNIFIED, TOOLHIVE], ids=["ours", "toolhive"])
def test_every_histogram_that_a_query_reads_is_restored(variant: Variant) -> None:
    bundle = monitoring_bundle(variant)
    restored_here = {str(rule["record"]) for rule in restored(bundle)}
    names = {
        name
        for query in bundle_queries(bundle)
        for each in selectors(query.expr)
        for name in each.name.split("|")
    }
    parts = ("_bucket", "_sum", "_count")
    read = {name for name in names if name.endswith(parts) and ":" not in name}

    assert read
    assert read - restored_here == set()


def test_nothing_is_restored_unless_asked() -> None:
    plain = document(monitoring_bundle())["groups"]
    asked = document(monitoring_bundle(), RuleOptions(native_histograms=True))["groups"]

    assert asked[1:] == plain
