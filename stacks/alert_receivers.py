"""Where alerts go: receivers of the stack's Alertmanager; URLs and passwords are in a Secret."""

from dataclasses import dataclass
from functools import partial

from stacks import fields
from stacks.fields import Entry
from stacks.secret_values import Text
from stacks.values import Values

SECRET = "alertmanager-receivers"
STORAGE = "1Gi"
"""Size of Alertmanager's volume, for silences and what was sent in the last five days."""
_MOUNT = f"/etc/alertmanager/secrets/{SECRET}"
_RECEIVER, _NOBODY = "mcp-observability", "null"
_KINDS = ("webhook", "slack", "email")
_KNOWN = {
    "webhook": ("url",),
    "slack": ("url", "channel"),
    "email": ("to", "from", "smarthost", "username", "password"),
}


@dataclass(frozen=True, slots=True)
class AlertReceivers:
    """Alertmanager's settings for each kind of receiver, and the files that they read."""

    settings: dict[str, Values]
    files: dict[str, Text]


def parse_alert_receivers(key: str, value: object) -> AlertReceivers | None:
    """The key `alertReceivers`; empty for none."""
    if value == {}:
        return None
    receivers = AlertReceivers({}, {})
    with fields.entry(key, value, _KINDS) as entry:
        for kind in _KINDS:
            entry.read(kind, partial(_read, receivers, kind), None)
    return receivers


def _read(receivers: AlertReceivers, kind: str, key: str, value: object) -> None:
    with fields.entry(key, value, _KNOWN[kind]) as entry:
        files = receivers.files
        receivers.settings[kind] = (
            _email(entry, files) if kind == "email" else _hook(entry, kind, files)
        )


def _hook(entry: Entry, kind: str, files: dict[str, Text]) -> Values:
    files[f"{kind}-url"] = entry.required("url", fields.secret_text, "the URL to post alerts to")
    if kind == "webhook":
        return {"url_file": f"{_MOUNT}/webhook-url"}
    channel = entry.required("channel", fields.text, "such as #alerts")
    return {"api_url_file": f"{_MOUNT}/slack-url", "channel": channel}


def _email(entry: Entry, files: dict[str, Text]) -> Values:
    settings: Values = {
        "to": entry.required("to", fields.text, "addresses, separated by commas"),
        "from": entry.required("from", fields.text, "the sender's address"),
        "smarthost": entry.required("smarthost", fields.text, "host:port of the mail server"),
    }
    if ("username" in entry) != ("password" in entry):
        given = "username" if "username" in entry else "password"
        entry.refuse(given, "give username and password, or none of them")
    elif "username" in entry:
        settings["auth_username"] = entry.read("username", fields.text, "")
        settings["auth_password_file"] = f"{_MOUNT}/email-password"
        files["email-password"] = entry.required("password", fields.secret_text, "")
    return settings


def secret(receivers: AlertReceivers, namespace: str) -> Values:
    """The Secret that Alertmanager mounts."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "type": "Opaque",
        "stringData": dict(receivers.files),
    }


def prometheus_values(receivers: AlertReceivers) -> Values:
    """Values of the chart that switch Alertmanager on.

    Watchdog fires always, and alerts of severity info only explain others.
    """
    configs = {
        f"{kind}_configs": [{**settings, "send_resolved": True}]
        for kind, settings in receivers.settings.items()
    }
    unsent = ('alertname =~ "Watchdog|InfoInhibitor"', 'severity = "info"')
    route = {
        "receiver": _RECEIVER,
        "group_by": ["alertname", "namespace", "server"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
        "routes": [{"receiver": _NOBODY, "matchers": [each]} for each in unsent],
    }
    mounted = [SECRET] if receivers.files else []
    return {
        "alertmanager": {
            "enabled": True,
            "alertmanagerSpec": {"secrets": mounted},
            "config": {
                "route": route,
                "receivers": [{"name": _NOBODY}, {"name": _RECEIVER, **configs}],
            },
        },
        "defaultRules": {"disabled": {"PrometheusNotConnectedToAlertmanagers": False}},
    }
