"""Helm releases from planned charts and values."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from stacks.charts import Chart, Component
from stacks.components.secrets import resolved
from stacks.plan import HelmRelease

# Pulling images into a new cluster takes longer than the provider's default of 300 s.
TIMEOUT_SECONDS = 900
_HISTORY = 5


@dataclass(frozen=True, slots=True)
class ChartSource:
    """Where charts come from: their repositories, or a folder (absolute or relative to `root`)."""

    folder: str | None
    root: Path

    def local(self, chart: Chart) -> str | None:
        """Path of the chart's archive or folder, or None if the folder does not contain it."""
        if self.folder is None:
            return None
        for name in (f"{chart.name}-{chart.version}.tgz", chart.name):
            # Not made absolute: a different path makes the provider upgrade the release.
            if (self.root / self.folder / name).exists():
                return f"{self.folder}/{name}"
        return None


@dataclass(frozen=True, slots=True)
class _Location:
    chart: str
    version: str | None = None
    repository: RepositoryOptsArgs | None = None


def _located(chart: Chart, source: ChartSource) -> _Location:
    if (local := source.local(chart)) is not None:
        return _Location(local)
    if chart.is_oci:
        return _Location(f"{chart.repo}/{chart.name}", chart.version)
    return _Location(chart.name, chart.version, RepositoryOptsArgs(repo=chart.repo))


def helm_release(
    prefix: str, planned: HelmRelease, source: ChartSource, opts: pulumi.ResourceOptions
) -> Release:
    """Install one release under its planned name, from which charts derive Service names."""
    location = _located(planned.chart, source)
    return Release(
        f"{prefix}-{planned.name}",
        name=planned.name,
        namespace=planned.namespace,
        chart=location.chart,
        version=location.version,
        repository_opts=location.repository,
        values=resolved(planned.values),
        # Kept definitions of another release, or of none, are in the way otherwise.
        take_ownership=True if planned.component is Component.TOOLHIVE_CRDS else None,
        timeout=TIMEOUT_SECONDS,
        max_history=_HISTORY,
        opts=opts,
    )
