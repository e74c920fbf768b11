"""ToolHive's own proxy, from 0.3.5 on, as its series reach a Prometheus that relabels nothing.

Read in ToolHive's source, pkg/telemetry/middleware.go and config.go, at v0.3.5 and v0.44.0. What
differs by version is a `Release`, what differs by the way to Prometheus a `IngestionPath`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dashboards import series, third_party_metrics
from dashboards.promql import eq
from dashboards.series import Series, Source
from dashboards.signals import calls, proxies, tools
from dashboards.variants.label_schema import EmbeddedLabel, LabelSchema, SeriesMapping, VariantNames
from proxy.telemetry import catalogue

NAMES = VariantNames("toolhive", "ToolHive")

Version = tuple[int, int, int]


class UnknownVersion(ValueError):
    """Not a version of ToolHive, or one that is too old; one line says what is allowed."""


class UnknownIngestionPath(ValueError):
    """An unknown ingestion path; one line lists the known ones."""


@dataclass(frozen=True, slots=True)
class Release:
    """What changed in ToolHive's telemetry at `least`."""

    least: Version
    spread: bool
    """Whether durations have buckets below 5 s, so that a quantile means something."""
    names: bool
    """Whether requests carry the tool's name (`mcp_resource_id`)."""

    @property
    def title(self) -> str:
        return ".".join(map(str, self.least))


RELEASES = (
    Release((0, 3, 5), spread=False, names=False),
    # #3752 and #3787 brought the buckets of the semantic conventions, #3687 the tool's name.
    Release((0, 9, 4), spread=True, names=True),
)
NEWEST = "0.44.0"
"""The newest version whose series the tests have."""


@dataclass(frozen=True, slots=True)
class IngestionPath:
    """How ToolHive's series get to Prometheus, and what they carry when they arrive.

    `target` maps the contract's labels that ToolHive itself does not write to those that the road
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

# A pod of the proxy's Deployment, which is called as its server: `<server>-<hash>-<five>`.
_SERVER_IN_POD = EmbeddedLabel("pod", r"{}-\w+-\w+")

# Every program tells of its process: ToolHive's proxy is the container of this name.
_PROXY = eq("container", "toolhive")

_PROCESS = (
    proxies.CPU,
    proxies.MEMORY,
    series.of(catalogue.PROCESS_OPEN_FDS),
    series.of(catalogue.PROCESS_START_TIME),
    *third_party_metrics.TARGETS,
)
_EVERY_DURATION = (
    series.count(catalogue.REQUEST_DURATION),
    series.total(catalogue.REQUEST_DURATION),
)


def dialect(version: str, ingestion: str) -> LabelSchema:
    """ToolHive's series at a version such as 0.44.0, by one of ROADS.

    Raises UnknownVersion or UnknownIngestionPath.
    """
    release, path = _release(version), _ingestion_path(ingestion)
    return LabelSchema(
        names=NAMES,
        namespace=path.target["namespace"],
        families=_families(release, path),
        sources=path.sources,
        words=_WORDS if path.exemplars else {**_WORDS, **_NO_DOTS},
        exemplars=path.exemplars,
        traces=release.names,
    )


def _release(text: str) -> Release:
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text, re.ASCII)
    if not found:
        raise UnknownVersion(f'"{text}" is not a version of ToolHive, such as {NEWEST}')
    major, minor, patch = (int(each or 0) for each in found.groups())
    known = [each for each in RELEASES if each.least <= (major, minor, patch)]
    if not known:
        raise UnknownVersion(
            f'"{text}" is too old; the oldest supported ToolHive is {RELEASES[0].title}'
        )
    return known[-1]


def _ingestion_path(name: str) -> IngestionPath:
    if name not in INGESTION_PATHS:
        raise UnknownIngestionPath(
            f'"{name}" is not an ingestion path; choose {", ".join(INGESTION_PATHS)}'
        )
    return INGESTION_PATHS[name]


def _families(release: Release, ingestion: IngestionPath) -> dict[str, SeriesMapping]:
    own: dict[Series, tuple[str, ...]] = {
        calls.REQUESTS: catalogue.REQUESTS.labels,
        tools.CALLS: tuple(x for x in catalogue.TOOL_CALLS.labels if x != "transport"),
        proxies.CONNECTIONS: catalogue.ACTIVE_CONNECTIONS.labels,
        **dict.fromkeys(_EVERY_DURATION, catalogue.REQUEST_DURATION.labels),
    }
    if release.spread:
        own[calls.BUCKETS] = (*catalogue.REQUEST_DURATION.labels, "le")
    found = {
        each.name: SeriesMapping(each.name, {**_same(labels), **ingestion.target})
        for each, labels in own.items()
    }
    if release.names:
        found[tools.BUCKETS.name] = _durations_of_tools(ingestion)
    if ingestion.process:
        found |= {
            each.name: SeriesMapping(each.name, ingestion.target, (_PROXY,), _SERVER_IN_POD)
            for each in _PROCESS
        }
    for each in (third_party_metrics.ALERTS, third_party_metrics.ALERTS_SINCE):
        labels = {**_same(tuple(each.labels)), "namespace": ingestion.target["namespace"]}
        found[each.name] = SeriesMapping(each.name, labels)
    return found


def _durations_of_tools(ingestion: IngestionPath) -> SeriesMapping:
    """Of the requests: ToolHive's series by the semantic conventions do not name the server."""
    labels = {
        **_same(("server", "transport", "le")),
        **ingestion.target,
        tools.NAME: "mcp_resource_id",
    }
    return SeriesMapping(calls.BUCKETS.name, labels, where=(eq("mcp_method", "tools/call"),))


def _same(labels: tuple[str, ...]) -> dict[str, str]:
    return {each: each for each in labels}


_WORDS = {
    "ToolHive's own proxy sees HTTP errors only.": "",
    calls.HONEST: "ToolHive counts HTTP errors only: a tool result with isError and a JSON-RPC"
    " error count as successes.",
    "Upstream and sessions are told by our proxy only.": "",
    "look at the upstream and at the transport errors.": "look at the server, and at the HTTP"
    " status of the answers.",
    "compare with the proxy's own time below, then look": "look",
    " and at most 2% of the calls were lost, late or turned away": "",
    "Look at the faults: a caller's is an unknown version or a bad request, a server's is a server"
    " that does not start.": "Look at the HTTP status of the answers.",
    " mcp.proxy.outcome=tool_error,": "",
}
"""Of descriptions that are about our proxy as well."""

_NO_DOTS = {
    "A dot is one call; a click on it opens its trace.": "",
    "A dot is one call; a click opens its trace.": "",
}
