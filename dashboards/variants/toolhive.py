"""ToolHive's own proxy, from 0.3.5 on, as its series reach a Prometheus that relabels nothing.

Read in ToolHive's source, pkg/telemetry/middleware.go and config.go, at v0.3.5 and v0.44.0. What
differs by version is a `Release`, what differs by the path to Prometheus an `IngestionPath`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from dashboards import third_party_metrics
from dashboards.expressions import calls, proxies, tools
from dashboards.promql.schema import EmbeddedLabel, LabelSchema, SeriesMapping, Source
from dashboards.promql.scope import Match, eq, like
from dashboards.promql.series import Series
from dashboards.variants import texts
from dashboards.variants.variant import Variant
from proxy.suggestions import did_you_mean
from proxy.telemetry import catalogue

NAME = "toolhive"

Version = tuple[int, int, int]


class UnknownVersion(ValueError):
    """Not a version of ToolHive, or one that is too old; one line says what is allowed."""


class UnknownIngestionPath(ValueError):
    """An unknown ingestion path; one line lists the known ones."""


@dataclass(frozen=True, slots=True)
class Release:
    """What changed in ToolHive's telemetry at `least`."""

    least: Version
    short_buckets: bool
    """Whether durations have buckets below 5 s, so that a quantile means something."""
    tool_names: bool
    """Whether requests carry the tool's name (`mcp_resource_id`)."""

    @property
    def title(self) -> str:
        return ".".join(map(str, self.least))


RELEASES = (
    Release((0, 3, 5), short_buckets=False, tool_names=False),
    # #3752 and #3787 brought the buckets of the semantic conventions, #3687 the tool's name.
    Release((0, 9, 4), short_buckets=True, tool_names=True),
)
NEWEST = "0.44.0"
"""The newest version whose series the tests have."""


@dataclass(frozen=True, slots=True)
class IngestionPath:
    """How ToolHive's series get to Prometheus, and what they carry when they arrive.

    `target` maps the contract's labels that ToolHive itself does not write to those that the path
    adds; `process` says whether the proxy's process and its target can be seen.
    """

    name: str
    meaning: str
    target: Mapping[str, str]
    sources: frozenset[Source]
    process: bool = False
    exemplars: bool = False


_COLLECTOR = frozenset({Source.PROMETHEUS, Source.COLLECTOR, Source.COLLECTOR_METRICS})

INGESTION_PATHS = {
    each.name: each
    for each in (
        IngestionPath(
            "direct-scrape",
            "Prometheus scrapes the proxies through a ServiceMonitor or PodMonitor",
            {"job": "job", "namespace": "namespace", "pod": "pod"},
            frozenset({Source.PROMETHEUS, Source.KUBELET}),
            process=True,
        ),
        IngestionPath(
            "static-scrape",
            "Prometheus scrapes proxies listed in its configuration, such as those of thv run",
            {"job": "job", "namespace": "job"},
            frozenset({Source.PROMETHEUS}),
        ),
        IngestionPath(
            "otel-scrape",
            "Prometheus scrapes the collector with honor_labels",
            {"job": "job", "namespace": "job"},
            _COLLECTOR,
        ),
        IngestionPath(
            "otel-scrape-exported",
            "the same without honor_labels, as in ToolHive's example: exported_job",
            {"job": "exported_job", "namespace": "exported_job"},
            _COLLECTOR,
        ),
        IngestionPath(
            "otel-remote-write",
            "the collector writes to Prometheus",
            {"job": "job", "namespace": "job"},
            _COLLECTOR | {Source.REMOTE_WRITE},
            exemplars=True,
        ),
    )
}

# A pod of the proxy's Deployment, whose name is the server's: `<server>-<hash>-<five>`.
_SERVER_IN_POD = EmbeddedLabel("pod", r"{}-\w+-\w+")

# Every program exposes its process: ToolHive's proxy is the container of this name.
_PROXY = eq("container", "toolhive")

_PROCESS = (
    proxies.CPU,
    proxies.MEMORY,
    proxies.OPEN_FILES,
    proxies.STARTED,
    *third_party_metrics.TARGETS,
)


@cache
def variant(version: str, ingestion: str) -> Variant:
    """ToolHive's variant at a version such as 0.44.0, for one of INGESTION_PATHS.

    Raises UnknownVersion or UnknownIngestionPath.
    """
    release, path = _release(version), _ingestion_path(ingestion)
    own = texts.TOOLHIVE
    return Variant(
        name=NAME,
        prefix=NAME,
        alert_prefix="ToolHive",
        schema=LabelSchema(
            path.target["namespace"], _series(release, path), path.sources, matches=_MATCHES
        ),
        texts=replace(own, exemplars=texts.UNIFIED.exemplars) if path.exemplars else own,
        board_prefix="mcp-toolhive",
        title_prefix="MCP ToolHive",
        runbook_file="runbook/toolhive.md",
        exemplars=path.exemplars,
        traces=release.tool_names,
    )


_MATCHES: Mapping[Match, Match] = {
    like("alertname", "MCP.*"): like("alertname", "ToolHive.*"),
    like("rule_group", ".*mcp-.+"): like("rule_group", ".*toolhive-.+"),
}
"""Names of our alerts and rules -> those of the variant."""


def _release(text: str) -> Release:
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text, re.ASCII)
    if not found:
        raise UnknownVersion(f'"{text}" is not a version of ToolHive, such as {NEWEST}')
    major, minor, patch = (int(each or 0) for each in found.groups())
    known = [each for each in RELEASES if each.least <= (major, minor, patch)]
    if not known:
        oldest = RELEASES[0].title
        raise UnknownVersion(f'"{text}" is too old; the oldest supported ToolHive is {oldest}')
    return known[-1]


def _ingestion_path(name: str) -> IngestionPath:
    if name not in INGESTION_PATHS:
        known = f"{did_you_mean(name, INGESTION_PATHS)}choose {', '.join(INGESTION_PATHS)}"
        raise UnknownIngestionPath(f'"{name}" is not an ingestion path; {known}')
    return INGESTION_PATHS[name]


def _series(release: Release, path: IngestionPath) -> dict[str, SeriesMapping]:
    durations = catalogue.REQUEST_DURATION.labels
    own: dict[Series, Iterable[str]] = {
        calls.REQUESTS: catalogue.REQUESTS.labels,
        tools.CALLS: set(catalogue.TOOL_CALLS.labels) - {"transport"},
        proxies.CONNECTIONS: catalogue.ACTIVE_CONNECTIONS.labels,
        calls.COUNT: durations,
        calls.SUM: durations,
    }
    if release.short_buckets:
        own[calls.BUCKETS] = (*durations, "le")
    found = {
        each.name: SeriesMapping(each.name, {**_same(labels), **path.target})
        for each, labels in own.items()
    }
    if release.tool_names:
        found[tools.BUCKETS.name] = _durations_of_tools(path)
    if path.process:
        found |= {
            each.name: SeriesMapping(each.name, path.target, (_PROXY,), _SERVER_IN_POD)
            for each in _PROCESS
        }
    for each in (third_party_metrics.ALERTS, third_party_metrics.ALERTS_SINCE):
        labels = {**_same(each.labels), "namespace": path.target["namespace"]}
        found[each.name] = SeriesMapping(each.name, labels)
    return found


def _durations_of_tools(path: IngestionPath) -> SeriesMapping:
    """Of the requests: ToolHive's series by the semantic conventions do not name the server."""
    labels = {**_same(("server", "transport", "le")), **path.target, tools.NAME: "mcp_resource_id"}
    return SeriesMapping(calls.BUCKETS.name, labels, where=(eq("mcp_method", "tools/call"),))


def _same(labels: Iterable[str]) -> dict[str, str]:
    return {each: each for each in labels}
