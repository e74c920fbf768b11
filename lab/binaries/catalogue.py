"""The binaries that tests and the local pipeline run, each with what makes a found one usable."""

from lab.binaries.tool import Tool

_KUBERNETES_VERSION = "k8s.io/component-base/version"
_KUBERNETES_FLAGS = (
    f"-s -w -X {_KUBERNETES_VERSION}.gitVersion=v1.34.2"
    f" -X {_KUBERNETES_VERSION}.gitMajor=1 -X {_KUBERNETES_VERSION}.gitMinor=34"
)
_OPERATOR = "github.com/prometheus-operator/prometheus-operator/cmd"
_TOOLHIVE = "github.com/stacklok/toolhive/cmd"
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
            version_command=("components",),
            required_words=("transform", "health_check"),
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
            oldest=(3, 0),
            seconds=320,
            install="Prometheus 3.0 or newer",
        ),
        Tool(
            name="jaeger",
            commands=("jaeger-all-in-one", "all-in-one"),
            module="jaeger",
            package="github.com/jaegertracing/jaeger/cmd/all-in-one",
            ldflags="-s -w -X github.com/jaegertracing/jaeger/pkg/version.latestVersion=v1.62.0",
            version_command=("version",),
            oldest=(1, 35),
            seconds=240,
            install="Jaeger 1.35 or newer (the all-in-one binary)",
        ),
        Tool(
            name="victoria-logs",
            commands=("victoria-logs-prod", "victoria-logs"),
            module="victoria-logs",
            package="github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
            ldflags="-s -w"
            " -X github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version=v1.52.1",
            version_command=("-version",),
            oldest=(1, 0),
            seconds=60,
            install="VictoriaLogs 1.0 or newer",
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
            version_command=("rules",),
            required_words=("`target-counter-agg-rule`",),
            seconds=180,
            install="dashboard-linter 0.2.0 or newer (Grafana's linter of dashboards)",
        ),
        Tool(
            name="actionlint",
            commands=("actionlint",),
            module="actionlint",
            package="github.com/rhysd/actionlint/cmd/actionlint",
            ldflags="-s -w -X github.com/rhysd/actionlint.version=1.7.12",
            version_command=("-version",),
            oldest=(1, 7),
            seconds=60,
            install="actionlint 1.7 or newer (the linter of GitHub workflows)",
        ),
        Tool(
            name="tsdb-blocks",
            commands=("tsdb-blocks",),
            module="tsdb-blocks",
            package=".",
            version_command=("-help",),
            required_words=("-blocks",),
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
            version_command=("version", "--short"),
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
            version_command=("version",),
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
            version_command=("-version",),
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
        Tool(
            name="kube-state-metrics",
            commands=("kube-state-metrics",),
            module="kube-state-metrics",
            package="k8s.io/kube-state-metrics/v2",
            version_command=("version",),
            seconds=60,
            install="kube-state-metrics",
        ),
        Tool(
            name="node-exporter",
            commands=("node_exporter",),
            module="node-exporter",
            package="github.com/prometheus/node_exporter",
            seconds=30,
            install="node_exporter",
        ),
        Tool(
            name="toolhive-operator",
            commands=("thv-operator",),
            module="toolhive",
            package=f"{_TOOLHIVE}/thv-operator",
            version_command=("-help",),
            seconds=260,
            install="ToolHive's operator",
        ),
        Tool(
            name="toolhive-proxyrunner",
            commands=("thv-proxyrunner",),
            module="toolhive",
            package=f"{_TOOLHIVE}/thv-proxyrunner",
            version_command=("--help",),
            seconds=60,
            install="ToolHive's proxyrunner",
        ),
    )
}
DEMO_TOOLS = ("collector", "prometheus", "jaeger")
"""What `python -m lab.demo` needs."""
LOG_TOOLS = ("victoria-logs",)
"""What it needs beside them with `--logs`. Its module needs a newer Go than the others."""
CHART_TOOLS = ("kube-state-metrics", "node-exporter", "toolhive-operator", "toolhive-proxyrunner")
"""What only real charts need (`make test-node CHARTS=folder`): built when they are named."""
