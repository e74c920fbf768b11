# mypy: allow-subclassing-any, allow-untyped-calls
"""A dashboard of schemaVersion 41 with its variables."""

from typing import cast

import attr
from grafanalib import core

from dashboards.grafana.modern import GRAFANA, Json, attributes, plain, without_nulls

SCHEMA_VERSION = 41
"""Exact for Grafana 12.1; newer ones apply one harmless step."""

_LEGACY = frozenset({"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"})

_BUILT_IN = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


@attributes
class Choice(core.Template):
    """A variable that chooses among Grafana's data sources of the type `query`."""

    def to_json_data(self) -> Json:
        return {
            "hide": 0,
            "label": self.label,
            "name": self.name,
            "options": [],
            "query": self.query,
            "refresh": 1,
            "regex": "",
            "type": "datasource",
        }


@attributes
class TextBox(core.Template):
    """A variable that the viewer, or a link, fills in; empty at first."""

    def to_json_data(self) -> Json:
        empty = {"selected": True, "text": "", "value": ""}
        return {
            "current": empty,
            "hide": 0,
            "label": self.label,
            "name": self.name,
            "options": [empty],
            "query": "",
            "type": "textbox",
        }


@attributes
class Var(core.Template):
    """A variable of a label's values in the form that Grafana writes itself.

    Several or all may be chosen, or with `one` a single one: the first until the viewer chooses.
    """

    source: Json | None = attr.ib(default=None)
    one: bool = attr.ib(default=False)
    everything: str = attr.ib(default=".+")

    def to_json_data(self) -> Json:
        chosen = {"selected": True, "text": ["All"], "value": ["$__all"]}
        return {
            **({} if self.one else {"allValue": self.everything, "current": chosen}),
            "datasource": self.source,
            "definition": self.query,
            "hide": 0,
            "includeAll": not self.one,
            "label": self.label,
            "multi": not self.one,
            "name": self.name,
            "options": [],
            "query": {
                "qryType": 1,
                "query": self.query,
                "refId": "PrometheusVariableQueryEditor-VariableQuery",
            },
            "refresh": 2,
            "regex": "",
            "sort": 1,
            "type": "query",
        }


@attributes
class Dashboard(core.Dashboard):
    """A dashboard; `id` is null, so that Grafana gives its own."""

    schemaVersion: int = attr.ib(default=SCHEMA_VERSION)
    timezone: str = attr.ib(default="browser")
    version: int = attr.ib(default=1)

    def to_json_data(self) -> Json:
        written = plain(super().to_json_data())
        kept = {key: each for key, each in written.items() if key not in _LEGACY}
        dashboard = cast(Json, without_nulls(kept))
        dashboard["annotations"]["list"].insert(0, plain(_BUILT_IN))
        return dashboard | {
            "__requires": _requires(dashboard["panels"]),
            "fiscalYearStartMonth": 0,
            "id": None,
            "liveNow": False,
            "preload": False,
            "timepicker": {},
            "weekStart": "",
        }


def _requires(panels: list[Json]) -> list[Json]:
    """What the import page says is needed: Grafana, data sources and panels by name."""
    kinds = sorted({panel["type"] for panel in panels} - {"row"})
    sources = sorted({each["datasource"]["type"] for each in panels if each.get("datasource")})
    return [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA},
        *(
            {"type": "datasource", "id": each, "name": each.capitalize(), "version": "1.0.0"}
            for each in sources
        ),
        *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
    ]
