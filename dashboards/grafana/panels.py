# mypy: allow-subclassing-any, allow-untyped-calls
"""The panel types in use, each with the options that Grafana 12 gives it."""

from typing import Any

import attr
from grafanalib import core

from dashboards.grafana.modern import Json, Modern, attributes


@attributes
class TimeSeries(Modern, core.TimeSeries):
    """Lines over time, with the legend and tooltip keys that grafanalib lacks."""

    valueMin: float | None = attr.ib(default=None)

    def panel_json(self, overrides: Json) -> Json:
        """As Modern's, the highest first in the legend, links on the series, a text for no data."""
        panel = super().panel_json(overrides)
        panel["options"]["legend"] |= {"showLegend": True, "sortBy": "Last *", "sortDesc": True}
        panel["options"]["tooltip"]["hideZeros"] = False
        panel["fieldConfig"]["defaults"]["links"] = self.dataLinks
        panel["fieldConfig"]["defaults"]["noValue"] = self.noValue
        panel["fieldConfig"]["defaults"]["custom"]["insertNulls"] = False
        return panel


@attributes
class Stat(Modern, core.Stat):
    """One number."""

    def panel_json(self, overrides: Json) -> Json:
        """As Modern's, with the options that Grafana 12 added and links on the number."""
        panel = super().panel_json(overrides)
        panel["fieldConfig"]["defaults"]["links"] = self.dataLinks
        panel["options"] |= {
            "percentChangeColorMode": "standard",
            "showPercentChange": False,
            "wideLayout": True,
        }
        return panel


@attributes
class Table(Modern, core.Table):
    """Rows and columns; grafanalib's own keys for it are those of Grafana 8."""

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        defaults = {
            "color": {"mode": "thresholds"},
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
            "mappings": [],
            "noValue": self.noValue,
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


@attributes
class BarGauge(Modern, core.Panel):
    """One horizontal bar per series; grafanalib's own class writes the options of Grafana 6."""

    unit: str = attr.ib(default="none")

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        defaults = {
            "color": {"mode": "thresholds"},
            "links": self.dataLinks,
            "mappings": [],
            "min": 0,
            "noValue": self.noValue,
            "unit": self.unit,
        }
        return self.panel_json(
            {
                "type": "bargauge",
                "fieldConfig": {"defaults": defaults, "overrides": []},
                "options": {
                    "displayMode": "basic",
                    "legend": {
                        "calcs": [],
                        "displayMode": "list",
                        "placement": "bottom",
                        "showLegend": False,
                    },
                    "maxVizHeight": 32,
                    "minVizHeight": 12,
                    "minVizWidth": 8,
                    "namePlacement": "auto",
                    "orientation": "horizontal",
                    "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                    "showUnfilled": True,
                    "sizing": "auto",
                    "valueMode": "color",
                },
            }
        )


@attributes
class Heatmap(Modern, core.Panel):
    """Buckets over time, darker where more fell in; a dot for each exemplar.

    `unit` is that of the buckets' bounds.
    """

    unit: str = attr.ib(default="none")

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        custom: Json = {
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
            "scaleDistribution": {"type": "linear"},
        }
        return self.panel_json(
            {
                "type": "heatmap",
                "fieldConfig": {
                    "defaults": {"custom": custom, "noValue": self.noValue, "unit": self.unit}
                },
                "options": {
                    "calculate": False,
                    "cellGap": 1,
                    "cellValues": {"unit": "short"},
                    "color": {
                        "exponent": 0.5,
                        "fill": "dark-blue",
                        "mode": "scheme",
                        "reverse": False,
                        "scale": "exponential",
                        "scheme": "Blues",
                        "steps": 64,
                    },
                    "exemplars": {"color": "rgba(255,120,10,0.8)"},
                    "filterValues": {"le": 1e-9},
                    "legend": {"show": True},
                    "rowsFrame": {"layout": "auto"},
                    "showValue": "never",
                    "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": True},
                    "yAxis": {"axisPlacement": "left", "reverse": False, "unit": self.unit},
                },
            }
        )


def _without_fields(panel: Json) -> Json:
    """A panel that draws no fields: nothing to configure about them."""
    return panel | {"fieldConfig": {"defaults": {}, "overrides": []}}


@attributes
class Text(Modern, core.Text):
    """Markdown; Grafana puts the variables' values into it."""

    def panel_json(self, overrides: Json) -> Json:
        """As Modern's, without fields."""
        return _without_fields(super().panel_json(overrides))


@attributes
class Traces(Modern, core.Panel):
    """One trace, span by span."""

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        return _without_fields(self.panel_json({"type": "traces", "options": {}}))


@attributes
class Logs(Modern, core.Panel):
    """Log lines, the newest first, each with its attributes and links behind it."""

    def to_json_data(self) -> Json:
        """The panel as Grafana 12 stores it."""
        options = {
            "dedupStrategy": "none",
            "enableInfiniteScrolling": False,
            "enableLogDetails": True,
            "prettifyLogMessage": False,
            "showCommonLabels": False,
            "showLabels": False,
            "showLogContextToggle": False,
            "showTime": True,
            "sortOrder": "Descending",
            "wrapLogMessage": True,
        }
        return _without_fields(self.panel_json({"type": "logs", "options": options}))


@attributes
class Row(core.RowPanel):
    """A heading across the board, open, with no panels of its own."""

    def to_json_data(self) -> dict[str, Any]:
        return {
            "collapsed": False,
            "gridPos": self.gridPos,
            "id": self.id,
            "panels": [],
            "title": self.title,
            "type": "row",
        }
