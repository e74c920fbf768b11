# mypy: allow-subclassing-any, allow-untyped-calls
"""Queries to a data source, in current keys only."""

import attr
from grafanalib import core

from dashboards.grafana.modern import Json, attributes


@attributes
class PromTarget(core.Target):
    """A Prometheus query; `min_step` is Grafana's Min step.

    With `exemplar`, Grafana also fetches the traces behind the samples; for ranges only.
    """

    source: Json = attr.ib(factory=dict)
    min_step: str = attr.ib(default="")
    exemplar: bool = attr.ib(default=False)

    def to_json_data(self) -> Json:
        return {
            "datasource": self.source,
            "editorMode": "code",
            "exemplar": self.exemplar,
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "interval": self.min_step,
            "legendFormat": self.legendFormat,
            "range": not self.instant,
            "refId": self.refId,
        }


@attributes
class JaegerSearch(core.Target):
    """The newest traces of a service whose spans carry the tags, at least so long."""

    source: Json = attr.ib(factory=dict)
    service: str = attr.ib(default="")
    tags: str = attr.ib(default="")
    """In logfmt: `key=value key="a value"`."""
    shortest: str = attr.ib(default="")
    limit: int = attr.ib(default=20)

    def to_json_data(self) -> Json:
        return {
            "datasource": self.source,
            "limit": self.limit,
            "minDuration": self.shortest,
            "queryType": "search",
            "refId": self.refId,
            "service": self.service,
            "tags": self.tags,
        }


@attributes
class JaegerTrace(core.Target):
    """One trace, by its id."""

    source: Json = attr.ib(factory=dict)
    trace: str = attr.ib(default="")

    def to_json_data(self) -> Json:
        return {"datasource": self.source, "query": self.trace, "refId": self.refId}


@attributes
class LogTarget(core.Target):
    """A query for log lines in the language of the data source; both in use have these keys."""

    source: Json = attr.ib(factory=dict)
    query_type: str = attr.ib(default="")
    limit: int = attr.ib(default=100)

    def to_json_data(self) -> Json:
        return {
            "datasource": self.source,
            "direction": "backward",
            "editorMode": "code",
            "expr": self.expr,
            "maxLines": self.limit,
            "queryType": self.query_type,
            "refId": self.refId,
        }
