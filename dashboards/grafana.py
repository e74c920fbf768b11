# mypy: allow-subclassing-any, allow-untyped-calls
"""grafanalib 0.7.1 made to speak to today's Grafana: a mixin before each class, nothing else.

grafanalib writes the dashboard of 2017 (schemaVersion 12) with keys that today's Grafana migrates
wrongly or not at all. `Modern` drops them, fills in what the v1 schema of Grafana 12 wants, and
leaves no nulls but the base of a threshold list, where null means minus infinity.
"""

import json
from typing import Any, TypeVar, cast

import attr
from grafanalib import core
from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

GRAFANA = "12.1.1"
"""The oldest Grafana that the boards are for: the chart of the profile `seed` brings it."""

SCHEMA_VERSION = 41
"""Exact for Grafana 12.1; newer ones apply one harmless step."""

Class = TypeVar("Class")


def _attributes(cls: type[Class]) -> type[Class]:
    """`attr.s`, unseen by mypy, which would forget the untyped base's attributes."""
    return attr.s(cls)


_LEGACY_PANEL = frozenset(
    {"cacheTimeout", "editable", "error", "height", "hideTimeOverride", "minSpan", "span"}
)
_LEGACY_DASHBOARD = frozenset(
    {"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"}
)


def plain(value: object) -> Any:
    """The value as plain JSON data, every grafanalib object written out."""
    return json.loads(json.dumps(value, cls=DashboardEncoder))


def without_nulls(value: Any) -> Any:
    """The JSON data without null members; a threshold's base keeps its null."""
    if isinstance(value, dict):
        threshold = value.keys() == {"color", "value"}
        return {
            key: without_nulls(each)
            for key, each in value.items()
            if each is not None or (threshold and key == "value")
        }
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


@attr.s(frozen=True)
class Step:
    """One threshold: `color` from `value` on; the first step has no value and is the base."""

    color: str = attr.ib()
    value: float | None = attr.ib(default=None)

    def to_json_data(self) -> Json:
        return {"color": self.color, "value": self.value}


BASE = (Step("green"),)


@_attributes
class PromTarget(core.Target):
    """A Prometheus query, in today's keys only; `min_step` is Grafana's Min step."""

    source: Json = attr.ib(factory=dict)
    min_step: str = attr.ib(default="")

    def to_json_data(self) -> Json:
        return {
            "datasource": self.source,
            "editorMode": "code",
            "exemplar": False,
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "interval": self.min_step,
            "legendFormat": self.legendFormat,
            "range": not self.instant,
            "refId": self.refId,
        }


class Modern:
    """Goes before a grafanalib panel class: all of them write themselves through `panel_json`."""

    def panel_json(self, overrides: Json) -> Json:
        """The panel as today's Grafana stores it."""
        written = super().panel_json(overrides)  # type: ignore[misc]
        panel: Json = {
            key: each for key, each in plain(written).items() if key not in _LEGACY_PANEL
        }
        panel["pluginVersion"] = GRAFANA
        panel["fieldConfig"]["defaults"]["thresholds"]["steps"] = plain(
            list(getattr(self, "steps", BASE))
        )
        panel["fieldConfig"].setdefault("overrides", [])
        for number, target in enumerate(panel["targets"]):
            target["refId"] = target["refId"] or chr(ord("A") + number)
        return cast(Json, without_nulls(panel))


@_attributes
class TimeSeries(Modern, core.TimeSeries):
    """Lines over time, with the legend and tooltip keys that grafanalib lacks."""

    maxDataPoints: int | None = attr.ib(default=None)
    valueMin: float | None = attr.ib(default=None)
    dataLinks: list[Json] = attr.ib(factory=list)
    steps: tuple[Step, ...] = attr.ib(default=BASE)

    def panel_json(self, overrides: Json) -> Json:
        """As Modern's, with a legend that shows and links on the series."""
        panel = super().panel_json(overrides)
        panel["options"]["legend"]["showLegend"] = True
        panel["options"]["tooltip"]["hideZeros"] = False
        panel["fieldConfig"]["defaults"]["links"] = self.dataLinks
        panel["fieldConfig"]["defaults"]["custom"]["insertNulls"] = False
        return panel


@_attributes
class Stat(Modern, core.Stat):
    """One number, with its recent past behind it."""

    maxDataPoints: int | None = attr.ib(default=None)
    steps: tuple[Step, ...] = attr.ib(default=BASE)

    def panel_json(self, overrides: Json) -> Json:
        """As Modern's, with the options that Grafana 12 added."""
        panel = super().panel_json(overrides)
        panel["options"] |= {
            "percentChangeColorMode": "standard",
            "showPercentChange": False,
            "wideLayout": True,
        }
        return panel


@_attributes
class Table(Modern, core.Table):
    """Rows and columns; grafanalib's own keys for it are those of Grafana 8."""

    maxDataPoints: int | None = attr.ib(default=None)
    span: None = attr.ib(default=None)
    steps: tuple[Step, ...] = attr.ib(default=BASE)

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        defaults = {
            "color": {"mode": "thresholds"},
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
            "mappings": [],
            "unit": self.unit,
        }
        return self.panel_json(
            {
                "type": "table",
                "fieldConfig": {"defaults": defaults, "overrides": self.overrides},
                "options": {
                    "cellHeight": "sm",
                    "frameIndex": 0,
                    "showHeader": True,
                    "sortBy": self.sortBy,
                },
            }
        )


@_attributes
class Row(core.RowPanel):
    """A heading across the board, open, with no panels of its own."""

    def to_json_data(self) -> Json:
        return {
            "collapsed": False,
            "gridPos": self.gridPos,
            "id": self.id,
            "panels": [],
            "title": self.title,
            "type": "row",
        }


@_attributes
class Var(core.Template):
    """A variable of the dashboard, in the form that Grafana writes itself."""

    source: Json | None = attr.ib(default=None)

    def to_json_data(self) -> Json:
        known: Json = {"hide": 0, "label": self.label, "name": self.name, "type": self.type}
        if self.type == "datasource":
            return known | {"query": self.query, "refresh": 1, "regex": "", "options": []}
        return known | {
            "allValue": ".+",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "datasource": self.source,
            "definition": self.query,
            "includeAll": True,
            "multi": True,
            "options": [],
            "query": {
                "qryType": 1,
                "query": self.query,
                "refId": "PrometheusVariableQueryEditor-VariableQuery",
            },
            "refresh": 2,
            "regex": "",
            "sort": 1,
        }


_BUILT_IN = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


@_attributes
class Dashboard(core.Dashboard):
    """A dashboard of schemaVersion 41; `id` is null, so that Grafana gives its own."""

    schemaVersion: int = attr.ib(default=SCHEMA_VERSION)
    timezone: str = attr.ib(default="browser")
    version: int = attr.ib(default=1)

    def to_json_data(self) -> Json:
        written = plain(super().to_json_data())
        kept = {key: each for key, each in written.items() if key not in _LEGACY_DASHBOARD}
        dashboard = cast(Json, without_nulls(kept))
        dashboard["annotations"]["list"].insert(0, plain(_BUILT_IN))
        return dashboard | {
            "__requires": self._requires(dashboard["panels"]),
            "fiscalYearStartMonth": 0,
            "id": None,
            "liveNow": False,
            "preload": False,
            "timepicker": {},
            "weekStart": "",
        }

    def _requires(self, panels: list[Json]) -> list[Json]:
        kinds = sorted({panel["type"] for panel in panels} - {"row"})
        return [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA},
            {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
            *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
        ]
