"""An expression is rendered for a label schema, or has no answer where series or labels lack."""

import pytest

from dashboards import third_party_metrics
from dashboards.expressions import calls, proxies, tools
from dashboards.promql.expression import Binary, Expr, Replace
from dashboards.promql.functions import aggregate, or_zero, over_time, top, zero_if_none
from dashboards.promql.schema import LabelSchema
from dashboards.promql.scope import (
    EACH_SERVER,
    EVERYTHING,
    RULE,
    SELECTED,
    SELECTED_RANGE,
    eq,
    like,
    selected,
)
from dashboards.promql.series import any_of
from dashboards.recordings import RECORDINGS
from dashboards.recordings.catalogue import CALL_RATE, OUTCOMES
from dashboards.variants import rules, toolhive

PUSHED = toolhive.variant("0.44.0", "otel-scrape").schema
SCRAPED = toolhive.variant("0.44.0", "direct-scrape").schema
OLD = toolhive.variant("0.3.5", "otel-scrape")

NAME = "toolhive_mcp_requests_total"
CALLS, UP = calls.REQUESTS.select(RULE), proxies.UP.select(RULE)
TARGETS = third_party_metrics.UP


def rendered(expr: Expr, schema: LabelSchema = PUSHED) -> str | None:
    found = expr.render(schema)
    return found.text if found and found.sources else None


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (
            calls.REQUESTS.rate(SELECTED_RANGE, by=EACH_SERVER),
            f"sum by (job, server) (rate({NAME}"
            "{job=~`${namespace:regex}`, server=~`${server:regex}`}[$__range]))",
        ),
        (over_time("avg", aggregate("sum", CALLS), "1h:"), f"avg_over_time((sum({NAME}))[1h:])"),
        (UP | CALLS, NAME),
        (CALLS.unless(UP), NAME),
        (any_of(proxies.UP, calls.REQUESTS, where=(eq("server", "a"),)), f'{NAME}{{server="a"}}'),
        (
            third_party_metrics.ALERTS.select(EVERYTHING, like("alertname", "MCP.*")),
            'ALERTS{alertname=~"ToolHive.*"}',
        ),
        (
            Binary(
                "*", CALLS, aggregate("sum", CALLS, EACH_SERVER), on=EACH_SERVER, group_left=True
            ),
            f"{NAME} * on (job, server) group_left () sum by (job, server) ({NAME})",
        ),
        (top(CALLS), f"topk(10, {NAME})"),
        (CALLS.ago("7d") > 0.5, f"{NAME} offset 7d > 0.5"),
        (
            tools.BUCKETS.now(RULE, tools.NAMED, by=("le", tools.NAME)),
            "sum by (le, mcp_resource_id) (toolhive_mcp_request_duration_seconds_bucket"
            '{mcp_resource_id!="", mcp_method="tools/call"})',
        ),
    ],
)
def test_names_change_and_the_question_stays(expr: Expr, text: str) -> None:
    assert rendered(expr) == text


@pytest.mark.parametrize(
    "expr",
    [
        UP,
        aggregate("sum", UP) + aggregate("sum", CALLS),
        UP & CALLS,
        CALLS & UP,
        UP.unless(CALLS),
        zero_if_none(aggregate("count", UP.equals(0))),
        or_zero(UP, CALLS),
        UP.over("rate", "5m"),
        over_time("max", UP, "1h:5m"),
        calls.REQUESTS.now(RULE, by=("pod",)),
        Replace(CALLS, "a", "$1", "pod", "(.*)"),
        third_party_metrics.CADVISOR_CPU.select(EVERYTHING, selected("namespace")),
        TARGETS.now(EVERYTHING, by=("job",)),
        CALL_RATE.value,
    ],
    ids=str,
)
def test_what_needs_missing_series_or_labels_has_no_answer(expr: Expr) -> None:
    assert rendered(expr) is None


def test_the_boards_namespaces_do_not_select_series_of_other_emitters_labels() -> None:
    """Pushed series have no namespace: `$namespace` has values of their job."""
    firing = third_party_metrics.ALERTS_SINCE.select(EVERYTHING, selected("namespace"))
    limits = third_party_metrics.POD_LIMITS.select(EVERYTHING, selected("namespace"))
    static = LabelSchema("job", {}, frozenset({third_party_metrics.POD_LIMITS.source}))

    assert rendered(firing) == "ALERTS_FOR_STATE{job=~`${namespace:regex}`}"
    assert rendered(limits, static) is None
    assert rendered(limits, SCRAPED) == str(limits)


def test_a_join_on_labels_of_different_meanings_has_no_answer() -> None:
    """Pushed series have no namespace; a kubelet's are not identified by a job."""
    each_pod = ("namespace", "pod")
    memory = third_party_metrics.CADVISOR_MEMORY.now(RULE, by=each_pod)
    calls_of_pods = calls.REQUESTS.now(RULE, by=each_pod)
    join = Binary("*", calls_of_pods, memory, on=each_pod, group_left=True)

    assert rendered(join, SCRAPED) == str(join)
    assert rendered(join) is None


POD = '"(.+)-\\\\w+-\\\\w+"'
THE_POD = r"pod=~`(${server:regex})-\w+-\w+`"


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (
            proxies.OPEN_FILES.now(SELECTED, by=("server",), operator="max"),
            "max by (server) (label_replace(process_open_fds{namespace=~`${namespace:regex}`,"
            f' {THE_POD}, container="toolhive"}}, "server", "$1", "pod", {POD}))',
        ),
        (
            aggregate("sum", proxies.CPU.select(RULE).ago("1h").over("rate", "5m"), ("server",)),
            "sum by (server) (label_replace(rate(process_cpu_seconds_total"
            f'{{container="toolhive"}}[5m] offset 1h), "server", "$1", "pod", {POD}))',
        ),
        (
            proxies.OPEN_FILES.now(RULE, proxies.OF_A_PROXY, by=("pod",), operator="max"),
            'max by (pod) (label_replace(process_open_fds{container="toolhive"},'
            f' "server", "$1", "pod", {POD}))',
        ),
    ],
    ids=["by its server", "rate before label", "of a proxy"],
)
def test_the_server_of_a_process_is_read_from_its_pod(expr: Expr, text: str) -> None:
    assert rendered(expr, SCRAPED) == text


def test_buckets_that_begin_at_5_seconds_have_no_answer() -> None:
    by_bound = calls.BUCKETS.now(RULE, by=("le",))

    assert rendered(by_bound, OLD.schema) is None
    assert rendered(by_bound) == str(by_bound)


def test_a_recorded_series_exists_once_it_can_be_computed() -> None:
    kept, complete = rules.recorded(RECORDINGS, OLD)

    assert rendered(CALL_RATE.value, OLD.schema) is None
    assert rendered(CALL_RATE.value, complete.schema) == "toolhive:calls:rate5m"
    assert rendered(OUTCOMES.value, complete.schema) is None
    assert "toolhive:latency:p95_5m" not in [each.record for each in kept]
