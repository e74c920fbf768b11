"""A grafanalib panel as Grafana 12 stores it: no legacy keys, no nulls, thresholds with a base.

A null stays only at the base of a threshold list, where it means minus infinity.
"""

import json
from typing import Any, TypeVar, cast

import attr
from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

GRAFANA = "12.1.1"
"""The oldest Grafana that the boards are for; the chart of the profile `tutorial` installs it."""

Class = TypeVar("Class")


def attributes(cls: type[Class]) -> type[Class]:
    """`attr.s`, unseen by mypy, which would forget the untyped base's attributes."""
    return attr.s(cls, collect_by_mro=True)


_LEGACY = frozenset(
    {"cacheTimeout", "editable", "error", "height", "hideTimeOverride", "minSpan", "span"}
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


@attributes
class Modern:
    """Goes before a grafanalib panel class: all of them write themselves through `panel_json`."""

    maxDataPoints: int | None = attr.ib(default=None)
    span: int | None = attr.ib(default=None)
    noValue: str = attr.ib(default="")
    dataLinks: list[Json] = attr.ib(factory=list)
    steps: tuple[Step, ...] = attr.ib(default=BASE)

    def panel_json(self, overrides: Json) -> Json:
        """The panel as current Grafana stores it."""
        written = super().panel_json(overrides)  # type: ignore[misc]
        panel: Json = {key: each for key, each in plain(written).items() if key not in _LEGACY}
        panel["pluginVersion"] = GRAFANA
        panel["fieldConfig"]["defaults"]["thresholds"]["steps"] = plain(list(self.steps))
        panel["fieldConfig"].setdefault("overrides", [])
        for number, target in enumerate(panel["targets"]):
            target["refId"] = target["refId"] or chr(ord("A") + number)
        return cast(Json, without_nulls(panel))
