"""NetworkPolicies as networking.k8s.io/v1 defines them."""

from typing import Any

import pytest

from lab.doctor.cluster.network_policy import forbidding
from tests.lab.doctor.cluster.conftest import pod

NAMESPACES = {"a": {"team": "red"}, "b": {"team": "blue"}}
SOURCE = pod("source", "a", {"app": "source"})
TARGET = pod(
    "target",
    "b",
    {"app": "target"},
    {"containers": [{"name": "main", "ports": [{"name": "web", "containerPort": 80}]}]},
)
SOURCE["status"]["podIPs"] = [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]


def policy(name: str, namespace: str = "b", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def forbids(*policies: dict[str, Any]) -> tuple[str, ...]:
    return forbidding(policies, NAMESPACES, source=SOURCE, target=TARGET, port=80)


FROM_RED = {"namespaceSelector": {"matchLabels": {"team": "red"}}}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"from": [FROM_RED]},
        {"from": [{**FROM_RED, "podSelector": {"matchLabels": {"app": "source"}}}]},
        {"from": [{"namespaceSelector": {}, "podSelector": {}}]},
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        {"from": [{"ipBlock": {"cidr": "fd00::/8"}}]},
        {"ports": [{"port": 80}]},
        {"ports": [{"port": "web", "protocol": "TCP"}]},
        {"ports": [{"port": 70, "endPort": 90}]},
        {"ports": [{"protocol": "TCP"}]},
    ],
)
def test_a_rule_that_fits_lets_the_connection_through(rule: dict[str, Any]) -> None:
    assert forbids(policy("p", podSelector={}, ingress=[{"from": [{}]}, rule])) == ()


@pytest.mark.parametrize(
    "rule",
    [
        {"from": [{"podSelector": {}}]},
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]},
        {"from": [{**FROM_RED, "podSelector": {"matchLabels": {"app": "other"}}}]},
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}}]},
        {"from": [FROM_RED], "ports": [{"port": 81}]},
        {"ports": [{"port": "other"}]},
        {"ports": [{"port": 80, "protocol": "UDP"}]},
        {"ports": [{"port": 81, "endPort": 90}]},
    ],
)
def test_a_rule_that_does_not_fit_forbids_it(rule: dict[str, Any]) -> None:
    assert forbids(policy("p", podSelector={}, ingress=[rule])) == ("b/p",)


def test_policies_add_up_and_others_do_not_count() -> None:
    closed = policy("closed", podSelector={})
    opened = policy("opened", podSelector={"matchLabels": {"app": "target"}}, ingress=[{}])
    other = policy("other", podSelector={"matchLabels": {"app": "other"}})
    elsewhere = policy("elsewhere", "a", podSelector={}, ingress=[])

    assert forbids(closed, opened) == ()
    assert forbids(closed, other, elsewhere) == ("b/closed",)
    assert forbids() == ()


def test_the_source_needs_egress() -> None:
    egress = policy("out", "a", podSelector={}, policyTypes=["Egress"])
    named = policy("out", "a", podSelector={}, egress=[{"ports": [{"port": "web"}]}])

    assert forbids(egress) == ("a/out",)
    assert forbids(named) == ()


def test_expressions_select() -> None:
    wanted = [
        {"key": "app", "operator": "In", "values": ["target"]},
        {"key": "app", "operator": "NotIn", "values": ["other"]},
        {"key": "app", "operator": "Exists"},
        {"key": "tier", "operator": "DoesNotExist"},
    ]
    assert forbids(policy("p", podSelector={"matchExpressions": wanted})) == ("b/p",)
    wrong = [{"key": "app", "operator": "DoesNotExist"}]
    assert forbids(policy("p", podSelector={"matchExpressions": wrong})) == ()
