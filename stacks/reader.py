"""The one place that asks Pulumi for configuration; mistakes end the program with one line."""

import json
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from stacks.charts import CHARTS
from stacks.components.release import ChartSource
from stacks.config import PASSWORD, PROJECT, ConfigError, StackConfig, parse
from stacks.fields import refuse
from stacks.observability import ObservabilityArgs
from stacks.plan import plan

ROOT = Path(__file__).parents[1]

# The rest is text; decoding it would turn a version or a name into a number.
_JSON_KEYS = frozenset(
    {
        "servers",
        "operatorScope",
        "scrapeIntervalSeconds",
        "pushIntervalSeconds",
        "traceSamplingPercent",
    }
)


def _decoded(name: str, raw: str) -> object:
    if name not in _JSON_KEYS:
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        # As it is: the check of the key's type then shows what was given.
        return raw


def _given() -> dict[str, object]:
    """Every key of the project that is set, whether anyone knows it or not."""
    prefix = f"{PROJECT}:"
    every = {**get_config_env(), **CONFIG.get()}
    return {
        key.removeprefix(prefix): _decoded(key.removeprefix(prefix), raw)
        for key, raw in every.items()
        if key.startswith(prefix)
    }


def _chart_source(config: StackConfig) -> ChartSource:
    """The place the charts come from; each pinned chart must be in it, if it is a folder."""
    source = ChartSource(config.chart_folder, ROOT)
    if config.chart_folder is None:
        return source
    key = f"{PROJECT}:chartSource"
    if not (ROOT / config.chart_folder).is_dir():
        raise refuse(key, config.chart_folder, "allowed: repositories, or a folder that exists")
    for chart in CHARTS[config.profile].values():
        if source.local(chart) is None:
            wanted = f"{chart.name}-{chart.version}.tgz or a folder {chart.name}"
            raise refuse(key, config.chart_folder, f"the folder must hold {wanted}")
    return source


def read() -> ObservabilityArgs:
    """The checked configuration, planned; raises pulumi.RunError with the one line to print."""
    try:
        config = parse(_given())
        charts = _chart_source(config)
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
    password = pulumi.Config(PROJECT).require_secret(PASSWORD)
    return ObservabilityArgs(plan=plan(config), password=password, charts=charts)
