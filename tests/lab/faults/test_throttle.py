"""Which container of a pod gets little CPU, and when it has it. What API servers take is in e2e."""

from typing import Any

import pytest

from lab.faults.cluster import throttle
from proxy.faults.levels import LevelInvalid


def pod(**changes: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "jaeger-1", "namespace": "monitoring"},
        "spec": {"containers": [{"name": "first"}, {"name": "second"}]},
        "status": {"qosClass": "Burstable"},
        **changes,
    }


@pytest.mark.parametrize(
    ("annotated", "name"),
    [
        ({}, "first"),
        ({"kubectl.kubernetes.io/default-container": "second"}, "second"),
        ({"kubectl.kubernetes.io/default-container": "gone"}, "first"),
    ],
)
def test_it_is_the_container_that_kubectl_takes(annotated: dict[str, str], name: str) -> None:
    changed = pod(metadata={"name": "a", "annotations": annotated})
    for patch in (throttle.little_cpu(changed, "20m"), throttle.own_cpu(changed)):
        assert [each["name"] for each in patch["spec"]["containers"]] == [name]


def test_a_pod_that_would_restart_is_not_resized() -> None:
    policy = {"resourceName": "cpu", "restartPolicy": "RestartContainer"}
    assert throttle.why_not(pod()) == ""
    restarting = pod(spec={"containers": [{"name": "first", "resizePolicy": [policy]}]})
    assert throttle.why_not(restarting) == (
        "pod monitoring/jaeger-1 restarts when its CPU changes: so its resizePolicy says"
    )


@pytest.mark.parametrize(
    ("state", "limits", "resized"),
    [
        ({"running": {}}, {"cpu": "20m", "memory": "1Gi"}, True),
        ({"running": {}}, {"cpu": "1k"}, False),
        ({"running": {}}, None, False),
        ({"waiting": {}}, {"cpu": "20m"}, False),
    ],
)
def test_it_is_resized_when_the_running_container_has_the_limit(
    state: dict[str, Any], limits: dict[str, str] | None, resized: bool
) -> None:
    main = {"name": "first", "resources": {"limits": {"cpu": "20m"}}}
    status = {"name": "first", "state": state, "resources": {"limits": limits}}
    others = [{"name": "second", "state": {"running": {}}}]
    changed = pod(
        spec={"containers": [main, {"name": "second"}]},
        status={"containerStatuses": [*others, status]},
    )
    assert throttle.is_resized(changed) is resized


def test_a_pod_that_has_not_started_is_not_resized() -> None:
    assert not throttle.is_resized(pod())


def test_a_limit_is_read_and_another_text_is_refused() -> None:
    assert throttle.CPU.parse("10m") == 10
    for text in ("", "0m", "9m", "20", "1001m", "-20m", "0.5", "²0m", "9" * 400 + "m"):
        with pytest.raises(LevelInvalid):
            throttle.CPU.parse(text)
