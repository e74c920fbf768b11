"""grafanalib 0.7.1 adapted to current Grafana: a mixin before each class, nothing else.

grafanalib writes the dashboard of 2017 (schemaVersion 12) with keys that current Grafana migrates
wrongly or not at all. `modern` drops them; `panels`, `targets` and `dashboard` fill in what the v1
schema of Grafana 12 wants. Only `grafana_panels` and `render` use it.
"""

from dashboards.grafana.dashboard import Choice, Dashboard, TextBox, Var
from dashboards.grafana.modern import BASE, GRAFANA, Json, Step, without_nulls
from dashboards.grafana.panels import (
    BarGauge,
    Heatmap,
    Logs,
    Row,
    Stat,
    Table,
    Text,
    TimeSeries,
    Traces,
)
from dashboards.grafana.targets import JaegerSearch, JaegerTrace, LogTarget, PromTarget

__all__ = [
    "BASE",
    "GRAFANA",
    "BarGauge",
    "Choice",
    "Dashboard",
    "Heatmap",
    "JaegerSearch",
    "JaegerTrace",
    "Json",
    "LogTarget",
    "Logs",
    "PromTarget",
    "Row",
    "Stat",
    "Step",
    "Table",
    "Text",
    "TextBox",
    "TimeSeries",
    "Traces",
    "Var",
    "without_nulls",
]
