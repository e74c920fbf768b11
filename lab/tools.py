"""The real binaries that tests and the local pipeline run: which they are and where each is found.

`python -m lab.tools [NAME ...]` finds or builds them; it needs no more than a bare Python.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import Parser, UsageError
from lab.build import NotBuilt, Progress, about, ask, build, go_version
from lab.tool import Tool, Version, dotted, version_in

_KUBERNETES_VERSION = "k8s.io/component-base/version"
_KUBERNETES_FLAGS = (
    f"-s -w -X {_KUBERNETES_VERSION}.gitVersion=v1.34.2"
    f" -X {_KUBERNETES_VERSION}.gitMajor=1 -X {_KUBERNETES_VERSION}.gitMinor=34"
)
_OPERATOR = "github.com/prometheus-operator/prometheus-operator/cmd"
_OPERATOR_FLAGS = "-s -w -X github.com/prometheus/common/version.Version=0.93.1"

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="collector",
            commands=("otelcol-contrib", "otelcol"),
            module="collector",
            package=".",
            ldflags="-s -w -X main.Version=0.155.0",
            ask=("components",),
            needs=("transform", "health_check"),
            seconds=260,
            install="otelcol-contrib (the contrib distribution of the OpenTelemetry Collector)",
        ),
        Tool(
            name="prometheus",
            commands=("prometheus",),
            module="prometheus",
            package="github.com/prometheus/prometheus/cmd/prometheus",
            tags="remove_all_sd,enable_kubernetes_sd",
            ldflags="-s -w -X github.com/prometheus/common/version.Version=3.10.0",
            oldest=(2, 47),
            seconds=320,
            install="Prometheus 2.47 or newer",
        ),
        Tool(
            name="jaeger",
            commands=("jaeger-all-in-one", "all-in-one"),
            module="jaeger",
            package="github.com/jaegertracing/jaeger/cmd/all-in-one",
            ldflags="-s -w -X github.com/jaegertracing/jaeger/pkg/version.latestVersion=v1.62.0",
            ask=("version",),
            oldest=(1, 35),
            seconds=240,
            install="Jaeger 1.35 or newer (the all-in-one binary)",
        ),
        Tool(
            name="promtool",
            commands=("promtool",),
            module="prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            tags="remove_all_sd",
            ldflags="-s -w -X github.com/prometheus/common/version.Version=3.10.0",
            oldest=(2, 47),
            seconds=130,
            install="promtool 2.47 or newer (it comes with Prometheus)",
        ),
        Tool(
            name="dashboard-linter",
            commands=("dashboard-linter",),
            module="dashboard-linter",
            package="github.com/grafana/dashboard-linter",
            ask=("rules",),
            needs=("`target-counter-agg-rule`",),
            seconds=180,
            install="dashboard-linter 0.2.0 or newer (Grafana's linter of dashboards)",
        ),
        Tool(
            name="actionlint",
            commands=("actionlint",),
            module="actionlint",
            package="github.com/rhysd/actionlint/cmd/actionlint",
            ldflags="-s -w -X github.com/rhysd/actionlint.version=1.7.12",
            ask=("-version",),
            oldest=(1, 7),
            seconds=60,
            install="actionlint 1.7 or newer (the linter of GitHub workflows)",
        ),
        Tool(
            name="tsdb-blocks",
            commands=("tsdb-blocks",),
            module="tsdb-blocks",
            package=".",
            ask=("-help",),
            needs=("-blocks",),
            seconds=60,
            install="Go: the program is this repository's own",
        ),
        Tool(
            name="etcd",
            commands=("etcd",),
            assets=("KUBEBUILDER_ASSETS",),
            module="etcd",
            package="go.etcd.io/etcd/server/v3",
            seconds=60,
            install="etcd, on PATH or in the folder KUBEBUILDER_ASSETS",
        ),
        Tool(
            name="helm",
            commands=("helm",),
            module="helm",
            package="helm.sh/helm/v3/cmd/helm",
            ldflags="-s -w -X helm.sh/helm/v3/internal/version.version=v3.19.0",
            ask=("version", "--short"),
            oldest=(3, 0),
            seconds=180,
            install="Helm 3 or newer",
        ),
        Tool(
            name="pulumi",
            commands=("pulumi",),
            module="pulumi",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=3.200.0",
            ask=("version",),
            oldest=(3, 200),
            seconds=240,
            install="the Pulumi CLI 3.200 or newer",
        ),
        Tool(
            name="kube-apiserver",
            commands=("kube-apiserver",),
            assets=("KUBEBUILDER_ASSETS",),
            module="kubernetes",
            package="k8s.io/kubernetes/cmd/kube-apiserver",
            ldflags=_KUBERNETES_FLAGS,
            seconds=540,
            install="kube-apiserver, on PATH or in the folder KUBEBUILDER_ASSETS",
        ),
        Tool(
            name="kubernetes-node",
            commands=("kubernetes-node",),
            module="kubernetes",
            package="./node",
            ldflags=_KUBERNETES_FLAGS,
            seconds=180,
            install="Go: the program is this repository's own",
        ),
        Tool(
            name="pause",
            commands=("pause",),
            module="kubernetes",
            package="./pause",
            seconds=5,
            install="Go: the program is this repository's own",
        ),
        Tool(
            name="coredns",
            commands=("coredns",),
            module="coredns",
            package=".",
            ask=("-version",),
            seconds=70,
            install="CoreDNS",
        ),
        Tool(
            name="prometheus-operator",
            commands=("prometheus-operator",),
            module="prometheus-operator",
            package=f"{_OPERATOR}/operator",
            ldflags=_OPERATOR_FLAGS,
            seconds=160,
            install="the Prometheus operator",
        ),
        Tool(
            name="prometheus-config-reloader",
            commands=("prometheus-config-reloader",),
            module="prometheus-operator",
            package=f"{_OPERATOR}/prometheus-config-reloader",
            ldflags=_OPERATOR_FLAGS,
            seconds=10,
            install="the config reloader of the Prometheus operator",
        ),
    )
}
DEMO_TOOLS = ("collector", "prometheus", "jaeger")
TEST_TOOLS = tuple(TOOLS)


class ToolMissing(Exception):
    """A tool is not to be had; one line says what was tried and what to install."""


@dataclass(frozen=True)
class Found:
    """A tool, the place that provided it (PATH, another variable, cache, built now), its path."""

    tool: Tool
    origin: str
    path: Path


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def find(name: str, environ: Mapping[str, str], *, progress: Progress = say) -> Path | None:
    """Return where a usable binary already is; a useless one is passed over with a note."""
    found = _look(_named(name), environ, progress=progress)
    return found.path if found else None


def ensure(
    names: Iterable[str], *, environ: Mapping[str, str], progress: Progress = say
) -> dict[str, Path]:
    """Return the path of each tool, building what is nowhere to be found; else ToolMissing."""
    tools = [_named(name) for name in names]
    return {each.tool.name: each.path for each in _obtained(tools, environ, progress=progress)}


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of built tools, by the rules for XDG_CACHE_HOME."""
    explicit = Path(environ.get("XDG_CACHE_HOME", ""))
    if explicit.is_absolute():
        return explicit / "mcp-observability" / "tools"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "mcp-observability" / "tools"
    raise ToolMissing(
        "no place for built tools: neither HOME nor an absolute XDG_CACHE_HOME is set"
    )


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    parser = Parser(prog="python -m lab.tools", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TOOLS)}")
    parser.add_argument("--list", action="store_true", help="show what is there; build nothing")
    try:
        options = parser.parse_args(arguments)
        tools = [_named(name) for name in options.names or TOOLS]
        rows = _listed(tools, environ) if options.list else _rows(tools, environ)
    except (UsageError, ToolMissing) as mistake:
        say(f"{parser.prog}: {mistake}")
        return 2
    except KeyboardInterrupt:
        say("interrupted; finished tools are kept, nothing half built is left")
        return 130
    for row in [("tool", "where", "version", "path"), *rows]:
        print("{:26} {:9} {:9} {}".format(*row))
    return 0


def _named(name: str) -> Tool:
    if name not in TOOLS:
        raise ToolMissing(f"unknown tool {name!r}; known: {', '.join(TOOLS)}")
    return TOOLS[name]


def _candidates(tool: Tool, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    for variable in (*tool.assets, "PATH"):
        folders = [entry for entry in environ.get(variable, "").split(os.pathsep) if entry]
        for command in tool.commands:
            for folder in folders:
                if path := shutil.which(command, path=folder):
                    yield variable, Path(path)


def _look(tool: Tool, environ: Mapping[str, str], *, progress: Progress) -> Found | None:
    for origin, path in _candidates(tool, environ):
        flaw = tool.flaw(ask(path, tool.ask, environ=environ))
        if flaw is None:
            return Found(tool, origin, path)
        progress(f"passing over {path}: it {flaw}")
    cached = tool.binary(cache_folder(environ))
    return Found(tool, "cache", cached) if cached.exists() else None


def _obtained(
    tools: Iterable[Tool], environ: Mapping[str, str], *, progress: Progress
) -> list[Found]:
    looked = {tool: _look(tool, environ, progress=progress) for tool in dict.fromkeys(tools)}
    _require_go([tool for tool, found in looked.items() if found is None], environ)
    return [found or _built(tool, environ, progress=progress) for tool, found in looked.items()]


def _require_go(missing: Iterable[Tool], environ: Mapping[str, str]) -> None:
    """Raise ToolMissing that names every tool to build for which there is no Go."""
    go = go_version(environ)
    tools = [tool for tool in missing if go < tool.oldest_go]
    if not tools:
        return
    have = f" (that on PATH is {dotted(go)})" if go else ""
    wanted = dotted(max(tool.oldest_go for tool in tools))
    places = " or ".join((*sorted({each for tool in tools for each in tool.assets}), "PATH"))
    one = len(tools) == 1
    raise ToolMissing(
        f"{', '.join(tool.name for tool in tools)}: not on {places} or in the cache,"
        f" and there is no Go {wanted} or newer{have} to build {'it' if one else 'them'}:"
        f" install Go{'' if one else ' (builds all)'},"
        f" or {'this binary' if one else 'these binaries'}:"
        f" {', '.join(tool.install for tool in tools)}"
    )


def _built(tool: Tool, environ: Mapping[str, str], *, progress: Progress) -> Found:
    try:
        path = build(tool, cache_folder(environ), environ=environ, progress=progress)
    except NotBuilt as reason:
        tried = " or ".join((*tool.assets, "PATH"))
        raise ToolMissing(
            f"{tool.name}: no usable {' or '.join(tool.commands)} on {tried}, none in the cache,"
            f" and {reason}; install {tool.install}"
        ) from reason
    return Found(tool, "built now", path)


Row = tuple[str, str, str, str]


def _row(found: Found, environ: Mapping[str, str]) -> Row:
    answer = ask(found.path, found.tool.ask, environ=environ)
    return found.tool.name, found.origin, dotted(version_in(answer or "")) or "?", str(found.path)


def _rows(tools: Iterable[Tool], environ: Mapping[str, str]) -> list[Row]:
    return [_row(found, environ) for found in _obtained(tools, environ, progress=say)]


def _listed(tools: Iterable[Tool], environ: Mapping[str, str]) -> list[Row]:
    looked = {tool: _look(tool, environ, progress=say) for tool in tools}
    go = go_version(environ)
    return [
        _row(found, environ) if found else (tool.name, "missing", "-", _remedy(tool, go))
        for tool, found in looked.items()
    ]


def _remedy(tool: Tool, go: Version) -> str:
    if go < tool.oldest_go:
        return f"needs Go {dotted(tool.oldest_go)} or newer to be built, and that is not on PATH"
    return f"built on first use, {about(tool.seconds)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
