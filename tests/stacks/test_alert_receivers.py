"""Alertmanager is off, unless the configuration says where alerts go."""

from typing import Any

import pytest

from stacks.chart_values import unknown_keys
from stacks.charts import CHARTS, Component, Profile
from stacks.plan import Plan
from stacks.secret_values import SecretValue, revealed, sealed
from tests.stacks.stack import mistakes, plan_with_secrets, release_values

ALL = {
    "webhook": {"url": "https://alerts.example.org/hook"},
    "slack": {"url": "https://hooks.slack.example/T/B/x", "channel": "#mcp"},
    "email": {
        "to": "ops@example.org",
        "from": "mcp@example.org",
        "smarthost": "smtp.example.org:587",
        "username": "mcp",
        "password": "s3cret",
    },
}


def planned(receivers: object, **more: object) -> Plan:
    return plan_with_secrets(alertReceivers=receivers, **more)


def refused(receivers: object, **more: object) -> list[str]:
    found = mistakes(alertReceivers=receivers, **more)
    return [each.removeprefix("alertReceivers") for each in found]


def values(found: Plan) -> dict[str, Any]:
    return release_values(found, Component.PROMETHEUS.value)


def secrets(found: Plan) -> dict[str, Any]:
    return {each["metadata"]["name"]: each for each in found.prerequisites}


def test_without_receivers_there_is_no_alertmanager() -> None:
    found = planned({})
    assert values(found)["alertmanager"]["enabled"] is False
    assert "alertmanager-receivers" not in secrets(found)
    assert values(found)["defaultRules"]["disabled"] == {
        "PrometheusNotConnectedToAlertmanagers": True
    }


@pytest.mark.parametrize("profile", Profile)
def test_each_receiver_reads_its_secrets_from_files(profile: Profile) -> None:
    found = planned(sealed(ALL), profile=profile.value)
    alertmanager = values(found)["alertmanager"]
    assert alertmanager["enabled"] is True
    assert alertmanager["alertmanagerSpec"]["secrets"] == ["alertmanager-receivers"]
    folder = "/etc/alertmanager/secrets/alertmanager-receivers"
    assert alertmanager["config"]["receivers"] == [
        {"name": "null"},
        {
            "name": "mcp-observability",
            "webhook_configs": [{"url_file": f"{folder}/webhook-url", "send_resolved": True}],
            "slack_configs": [
                {
                    "api_url_file": f"{folder}/slack-url",
                    "channel": "#mcp",
                    "send_resolved": True,
                }
            ],
            "email_configs": [
                {
                    "to": "ops@example.org",
                    "from": "mcp@example.org",
                    "smarthost": "smtp.example.org:587",
                    "auth_username": "mcp",
                    "auth_password_file": f"{folder}/email-password",
                    "send_resolved": True,
                }
            ],
        },
    ]
    # Those of the chart and of our alerts.
    assert len(alertmanager["config"]["inhibit_rules"]) > 4
    secret = secrets(found)["alertmanager-receivers"]
    assert all(isinstance(each, SecretValue) for each in secret["stringData"].values())
    assert revealed(secret["stringData"]) == {
        "webhook-url": "https://alerts.example.org/hook",
        "slack-url": "https://hooks.slack.example/T/B/x",
        "email-password": "s3cret",
    }
    chart = CHARTS[profile][Component.PROMETHEUS]
    assert list(unknown_keys(f"{chart.name}-{chart.version}", values(found))) == []


def test_what_always_fires_or_only_explains_is_not_sent_and_a_missing_alertmanager_is() -> None:
    found = values(planned(ALL))
    route = found["alertmanager"]["config"]["route"]
    assert route["receiver"] == "mcp-observability"
    assert [(each["receiver"], each["matchers"]) for each in route["routes"]] == [
        ("null", ['alertname =~ "Watchdog|InfoInhibitor"']),
        ("null", ['severity = "info"']),
    ]
    assert found["defaultRules"]["disabled"] == {"PrometheusNotConnectedToAlertmanagers": False}


def test_silences_are_kept_in_a_volume_where_series_are() -> None:
    kept = values(planned(ALL, persistence="on", storageClass="fast"))
    alertmanager = kept["alertmanager"]["alertmanagerSpec"]
    claim = kept["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"]
    sized = {**claim, "resources": {"requests": {"storage": "1Gi"}}}
    assert alertmanager["storage"] == {"volumeClaimTemplate": {"spec": sized}}
    # The mounted Secret stays.
    assert alertmanager["secrets"] == ["alertmanager-receivers"]
    lost = values(planned(ALL, persistence="off"))
    assert "storage" not in lost["alertmanager"]["alertmanagerSpec"]


def test_a_mail_server_without_login_needs_no_secret() -> None:
    email = {name: ALL["email"][name] for name in ("to", "from", "smarthost")}
    found = planned({"email": email})
    assert values(found)["alertmanager"]["alertmanagerSpec"]["secrets"] == []
    assert "alertmanager-receivers" not in secrets(found)


def test_all_mistakes_are_one_line_each() -> None:
    assert refused({"slak": {}, "webhook": "x", "slack": {"chanel": "c"}, "email": {"to": ""}}) == [
        ".slak: unknown key; did you mean slack?",
        ".webhook: 'x' is not allowed; it must be a map of url",
        ".slack.chanel: unknown key; did you mean channel?",
        ".slack.url: missing; the URL to post alerts to",
        ".slack.channel: missing; such as #alerts",
        ".email.to: '' is not allowed; it must be text",
        ".email.from: missing; the sender's address",
        ".email.smarthost: missing; host:port of the mail server",
    ]
    assert refused("x") == [": 'x' is not allowed; it must be a map of webhook, slack, email"]
    lonely = {**ALL["email"], "password": SecretValue("p")}
    del lonely["username"]
    assert refused({"email": lonely}) == [
        ".email.password: [secret] is not allowed; give username and password, or none of them"
    ]
    existing = {"prometheus": {"url": "http://p.m.svc:9090", "labels": {}}}
    assert refused(ALL, components=existing) == [
        ": 'webhook, slack, email' is not allowed;"
        " set them where the existing Prometheus sends alerts"
    ]
