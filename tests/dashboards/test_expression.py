"""A query in the words of the contract becomes the same question about another emitter's series."""

import pytest

from dashboards.queries import concrete
from dashboards.recordings import RECORDINGS
from dashboards.variants import toolhive
from dashboards.variants.expression import translated
from dashboards.variants.label_schema import LabelSchema
from dashboards.variants.rules import recorded

PUSHED = toolhive.dialect("0.44.0", "otel-scrape")
SCRAPED = toolhive.dialect("0.44.0", "direct-scrape")
OLD = toolhive.dialect("0.3.5", "otel-scrape")

CALLS = "toolhive_mcp_requests_total"
UP = "mcp_proxy_upstream_up"
BUCKET = "toolhive_mcp_request_duration_seconds_bucket"


def said(expr: str, dialect: LabelSchema = PUSHED) -> str | None:
    part = translated(expr, dialect)
    return part.text if part else None


@pytest.mark.parametrize(
    ("expr", "here"),
    [
        (
            f'sum by (namespace, server) (rate({CALLS}{{namespace=~"$namespace"}}[$__range]))',
            f'sum by (job, server) (rate({CALLS}{{job=~"$namespace"}}[$__range]))',
        ),
        (
            f"avg_over_time((sum({CALLS}))[$__range:$__interval])",
            f"avg_over_time((sum({CALLS}))[$__range:$__interval])",
        ),
        (f"{CALLS} offset 7d", f"{CALLS} offset 1w"),
        (
            f'{CALLS}{{mcp_method="a\\\\.b\\"c"}} > 0.5',
            f'{CALLS}{{mcp_method="a\\\\.b\\"c"}} > 0.5',
        ),
        (f"({UP} or {CALLS})", f"({CALLS})"),
        (f"{CALLS} unless {UP}", CALLS),
        (f"absent({UP}) and absent({CALLS})", f"absent({CALLS})"),
        (f'{{__name__=~"{UP}|{CALLS}", server="a"}}', f'{CALLS}{{server="a"}}'),
        ('ALERTS{alertname=~"MCP.*"}', 'ALERTS{alertname=~"ToolHive.*"}'),
        (
            f"sum by (server, pod) ({CALLS}) * on (server) group_left () sum by (server) ({CALLS})",
            None,
        ),
        (
            f"{CALLS} * on (namespace, server) group_left () sum by (namespace, server) ({CALLS})",
            f"{CALLS} * on (job, server) group_left () sum by (job, server) ({CALLS})",
        ),
        (f"topk(3, {CALLS})", f"topk(3, {CALLS})"),
        (f"topk by (namespace) (3, {CALLS})", f"topk by (job) (3, {CALLS})"),
        (f"{CALLS} > bool 1", f"{CALLS} > bool 1"),
        (f"-{CALLS} + 536870912", f"-{CALLS} + 536870912"),
    ],
)
def test_names_change_and_the_question_stays(expr: str, here: str | None) -> None:
    assert said(expr) == here


@pytest.mark.parametrize(
    "expr",
    [
        UP,
        f"sum({UP}) + sum({CALLS})",
        f"{UP} and {CALLS}",
        f"{CALLS} and {UP}",
        f"{UP} unless {CALLS}",
        f"count({UP} == 0) or vector(0)",
        f"({UP} or 0 * {CALLS})",
        f"rate({UP}[5m])",
        f"max_over_time(({UP})[1h:5m])",
        f'{CALLS}{{outcome="ok"}}',
        f"sum by (outcome) ({CALLS})",
        f'label_replace({CALLS}, "a", "$1", "outcome", "(.*)")',
        'kube_pod_info{namespace=~"$namespace"}',
        'up{job=~"($namespace)/($server)"}',
        "vector(0)",
    ],
)
def test_what_needs_missing_series_or_labels_cannot_be_asked(expr: str) -> None:
    assert said(expr) is None


def test_a_join_of_labels_that_mean_different_things_cannot_be_asked() -> None:
    """Pushed series have no namespace; a kubelet's are not told apart by a job."""
    join = (
        f"sum by (namespace, pod) ({CALLS}) * on (namespace, pod) group_left ()"
        " sum by (namespace, pod) (container_memory_working_set_bytes)"
    )

    assert said(join, SCRAPED) == join
    assert said(join, PUSHED) is None


POD = '"(.+)-\\\\w+-\\\\w+"'
THE_POD = 'pod=~"($server)-\\\\w+-\\\\w+"'


def test_the_server_of_a_process_is_read_off_its_pod() -> None:
    assert said('max by (server) (process_open_fds{server=~"$server"})', SCRAPED) == (
        f'max by (server) (label_replace(process_open_fds{{{THE_POD}, container="toolhive"}},'
        f' "server", "$1", "pod", {POD}))'
    )


def test_a_rate_is_taken_before_the_server_is_read_off() -> None:
    assert said("sum by (server) (rate(process_cpu_seconds_total[5m] offset 1h))", SCRAPED) == (
        'sum by (server) (label_replace(rate(process_cpu_seconds_total{container="toolhive"}[5m]'
        f' offset 1h), "server", "$1", "pod", {POD}))'
    )


def test_a_process_of_a_proxy_has_a_server_wherever_that_stands() -> None:
    assert said('max by (pod) (process_open_fds{server!=""})', SCRAPED) == (
        'max by (pod) (label_replace(process_open_fds{container="toolhive"},'
        f' "server", "$1", "pod", {POD}))'
    )


def test_the_targets_of_a_server_are_found_by_namespace_and_pod() -> None:
    assert said('min by (job) (up{job=~"($namespace)/($server)"})', SCRAPED) == (
        f'min by (job) (label_replace(up{{namespace=~"$namespace", {THE_POD},'
        f' container="toolhive"}}, "server", "$1", "pod", {POD}))'
    )


def test_a_tools_duration_is_that_of_its_requests() -> None:
    asked = "mcp_server_operation_duration_seconds_bucket"

    assert said(f'sum by (le, gen_ai_tool_name) ({asked}{{gen_ai_tool_name!=""}})') == (
        f'sum by (le, mcp_resource_id) ({BUCKET}{{mcp_resource_id!="", mcp_method="tools/call"}})'
    )


def test_buckets_that_begin_at_5_seconds_are_no_answer() -> None:
    assert said(f"sum by (le) ({BUCKET})", OLD) is None
    assert said(f"sum by (le) ({BUCKET})", PUSHED) == f"sum by (le) ({BUCKET})"


def test_a_recorded_series_can_be_asked_for_once_it_can_be_computed() -> None:
    kept, complete = recorded(RECORDINGS, OLD)

    assert said("mcp:calls:rate5m", OLD) is None
    assert said("mcp:calls:rate5m", complete) == "toolhive:calls:rate5m"
    assert said("mcp:outcomes:rate5m", complete) is None
    assert "toolhive:latency:p95_5m" not in [each.record for each in kept]


def test_grafanas_variables_come_out_as_they_went_in() -> None:
    expr = f"sum(rate({CALLS}[$__rate_interval]))"

    assert said(expr) == expr
    assert "$" not in concrete(expr, window="5s", namespace=".+", server=".+")


@pytest.mark.parametrize("text", ["0.44.0", "v0.44.0", "0.44", "0.9.4", "1.0.0", "0.100.0"])
def test_a_version_from_0_9_4_on_has_quantiles(text: str) -> None:
    assert toolhive.dialect(text, "otel-scrape").families == PUSHED.families


@pytest.mark.parametrize("text", ["0.3.5", "v0.3.10", "0.9.3"])
def test_a_version_before_it_has_none(text: str) -> None:
    assert toolhive.dialect(text, "otel-scrape").families == OLD.families


@pytest.mark.parametrize(
    "text", ["", "0", "latest", "0.44.0-rc1", "0.44.0.1", "0.4.\u0664", "-1.2"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(toolhive.UnknownVersion, match="is not a version of ToolHive, such as 0.44"):
        toolhive.dialect(text, "otel-scrape")


def test_a_version_from_before_what_is_known_is_refused() -> None:
    with pytest.raises(toolhive.UnknownVersion, match='"0.3.4" is too old; .* is 0.3.5'):
        toolhive.dialect("0.3.4", "otel-scrape")
