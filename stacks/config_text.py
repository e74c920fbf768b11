"""Configuration values as text, which is how Pulumi passes and stores them."""

import json

# All other keys are text; decoding them would turn a version or a name into a number.
_JSON_KEYS = frozenset(
    {
        "servers",
        "operatorScope",
        "namespaces",
        "existingNamespaces",
        "values",
        "components",
        "networkPolicies",
        "faultInjection",
        "remoteWrite",
        "alertReceivers",
        "scrapeIntervalSeconds",
        "pushIntervalSeconds",
        "traceSamplingPercent",
    }
)


def decoded(name: str, raw: str) -> object:
    """The value of a key of the project."""
    if name not in _JSON_KEYS:
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        # The check of the key's type reports it.
        return raw
