"""Which stack on which cluster: by a stack file, or by what runs there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import UsageError
from lab.doctor.cluster.choice import ClusterChoice
from lab.doctor.cluster.objects import Objects, labels_of, name_of
from proxy.suggestions import did_you_mean
from stacks.architectures import ARCHITECTURES, Architecture, MetricsIngestion, Monitor
from stacks.charts import Namespaces, Profile
from stacks.cluster_api import Access, Unreachable
from stacks.commands import programs, stack_file
from stacks.commands.local_files import LocalFiles, root_of_checkout
from stacks.config import StackConfig
from stacks.endpoints import endpoints_of, mcp_endpoint
from stacks.fields import ConfigError
from stacks.kubeconfig import Cluster, chosen_cluster
from stacks.monitors import METRICS_LABEL, PROXY_APP, SERVER_LABEL
from stacks.servers import Server, ServerRuntime, Transport

APP_LABEL = "app.kubernetes.io/name"
SERIES_MONITOR = "otel-collector-series"


@dataclass(frozen=True, slots=True)
class ClusterStack:
    """A stack, and the server whose call is followed; `name` is that of the stack file, or ""."""

    name: str
    cluster: Cluster
    config: StackConfig
    server: Server

    @property
    def access(self) -> Access:
        """The API server."""
        return self.cluster.access

    @property
    def deploy(self) -> str:
        """The command that brings the stack's own objects back, also where others changed them."""
        return f"pulumi up --refresh{' --stack ' if self.name else ''}{self.name}"

    def __str__(self) -> str:
        where = mcp_endpoint(self.server, self.config.namespaces)
        return f"server {self.server.name} at {where.url} on {self.cluster}"


def find_stack(
    choice: ClusterChoice, environ: Mapping[str, str], root: Path | None = None
) -> ClusterStack:
    """Raises UsageError if there is no such stack, cluster or server."""
    cluster, config = find_cluster(choice, environ, root)
    return ClusterStack(choice.stack or "", cluster, config, _server(config, choice))


def find_cluster(
    choice: ClusterChoice, environ: Mapping[str, str], root: Path | None = None
) -> tuple[Cluster, StackConfig]:
    """The cluster of a stack, and its configuration. Raises UsageError without one."""
    try:
        return _find(choice, environ, root or root_of_checkout())
    except (ConfigError, programs.UsageError) as error:
        raise UsageError(str(error).splitlines()[0]) from None
    except Unreachable as error:
        raise UsageError(f"the cluster cannot be read: {error}") from None


def _find(
    choice: ClusterChoice, environ: Mapping[str, str], root: Path
) -> tuple[Cluster, StackConfig]:
    if choice.stack is None:
        cluster = _chosen(choice.kubeconfig, choice.context, environ)
        config = running_config(Objects(cluster.access))
    else:
        file = stack_file.read(root, choice.stack)
        config = stack_file.configuration(root, choice.stack)
        variables = {**environ, **LocalFiles(root).variables(environ, file)}
        named = choice.kubeconfig is not None
        cluster = _chosen(
            choice.kubeconfig if named else file.kubeconfig,
            choice.context or (None if named else file.context),
            variables,
        )
        cluster.access.get("/version")  # Says at once that there is no such cluster.
    return cluster, config


def _chosen(kubeconfig: str | None, context: str | None, environ: Mapping[str, str]) -> Cluster:
    cluster = chosen_cluster(kubeconfig, context, environ)
    if cluster is None:
        raise UsageError("there is no cluster: give --kubeconfig, or the variable KUBECONFIG")
    return cluster


def _server(config: StackConfig, choice: ClusterChoice) -> Server:
    ours = {each.name: each for each in config.servers_of(ServerRuntime.PROXY)}
    known = ", ".join(ours)
    if not ours:
        where = (
            f"stack {choice.stack}" if choice.stack else f"namespace {config.namespaces.servers}"
        )
        raise UsageError(f"{where} has no server with runtime proxy, whose calls can be followed")
    name = next(iter(ours)) if choice.server is None else choice.server
    if name not in ours:
        near = did_you_mean(name, ours)
        raise UsageError(f"--server {name}: {near}the servers with runtime proxy are {known}")
    return ours[name]


def running_config(objects: Objects) -> StackConfig:
    """What a stack in the default namespaces shows of its configuration. Raises Unreachable."""
    names = Namespaces()
    servers = tuple(
        Server(labels_of(each).get(SERVER_LABEL, name_of(each)), ServerRuntime.PROXY, "", _ANY)
        for each in objects.services(names.servers)
        if labels_of(each).get(APP_LABEL) == PROXY_APP
    )
    older = objects.service(endpoints_of(Profile.TUTORIAL).jaeger.query) is not None
    return StackConfig(
        architecture=_running_architecture(objects, names),
        profile=Profile.TUTORIAL if older else Profile.CURRENT,
        servers=servers,
    )


_ANY = Transport.STREAMABLE_HTTP  # Proxies serve every transport at the same path.


def _running_architecture(objects: Objects, names: Namespaces) -> Architecture:
    labels = [labels_of(each).get(METRICS_LABEL) for each in objects.pods(names.servers)]
    pushed = MetricsIngestion.PUSHED.name.lower() in labels
    scraped = any(name_of(each) == SERIES_MONITOR for each in objects.monitoring("servicemonitors"))
    return next(
        each
        for each in ARCHITECTURES.values()
        if (each.metrics_ingestion is MetricsIngestion.PUSHED) == pushed
        and (Monitor.COLLECTOR_SERIES in each.monitors) == scraped
    )
