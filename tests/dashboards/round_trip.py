"""A board read and written again by Grafana's own SDK: what it does not know is lost."""

import json
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

Json = dict[str, Any]

NOT_MODELLED = {"__requires", "id"}
"""The import page's list of needs, and the null that has Grafana give an id of its own."""

register_default_plugins()


def lost(dashboard: Json) -> list[str]:
    """One line for each key or value that does not come back.

    Raises what the SDK raises for data that it cannot read at all: ValueError, TypeError, KeyError
    or AttributeError.
    """
    kept = {key: each for key, each in dashboard.items() if key not in NOT_MODELLED}
    model = Dashboard.from_json(json.loads(json.dumps(kept)))
    return list(_differences(kept, json.loads(json.dumps(model, cls=JSONEncoder)), ""))


def _differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """What of `ours` is not in `theirs`; defaults that they add do not count."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, each in ours.items():
            if key in theirs:
                yield from _differences(each, theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is lost"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(our, their, f"{path}[{number}]")
    elif ours != theirs:
        yield f"{path} comes back as {theirs!r}, not {ours!r}"
