"""Why a pod is not ready, in the words of Kubernetes."""

import json
from typing import Any

import pytest

from stacks.cluster_api import Access
from stacks.commands.pods import WaitReport, deployment_reason, pod_reason
from tests.http_edge import Handler, serving

NO_NODE = "0/1 nodes are available: 1 Insufficient memory."
PULL = 'Back-off pulling image "example.org/search:1"'


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "n"}, "status": status}


def condition(kind: str, status: str, **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


def container(ready: bool = False, last: Any = None, **state: Any) -> dict[str, Any]:
    last_state = {"lastState": {"terminated": last}} if last else {}
    return {"name": "c", "ready": ready, "state": state, **last_state}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


BACKOFF = waiting("CrashLoopBackOff", "back-off 10s restarting failed container")
UNSCHEDULABLE = condition("PodScheduled", "False", reason="Unschedulable", message=NO_NODE)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (pod(conditions=[condition("Ready", "True")], phase="Running"), None),
        (pod(phase="Succeeded"), None),
        ({"metadata": {"name": "p", "deletionTimestamp": "now"}, "status": {}}, None),
        (pod(), "Pending"),
        (pod(phase="Failed", reason="Evicted"), "Evicted"),
        (pod(phase="Pending", conditions=[UNSCHEDULABLE]), f"Unschedulable: {NO_NODE}"),
        (
            pod(
                phase="Pending",
                containerStatuses=[
                    container(**waiting("ContainerCreating")),
                    container(**waiting("ImagePullBackOff", PULL)),
                ],
            ),
            f"ImagePullBackOff: {PULL}",
        ),
        (
            pod(
                initContainerStatuses=[container(terminated={"exitCode": 3, "reason": "Error"})],
                containerStatuses=[container(**waiting("PodInitializing"))],
            ),
            "container c ended with exit code 3",
        ),
        (
            pod(
                containerStatuses=[
                    container(last={"exitCode": 137, "reason": "OOMKilled"}, **BACKOFF)
                ]
            ),
            "CrashLoopBackOff: back-off 10s restarting failed container;"
            " it ended with exit code 137 (OOMKilled)",
        ),
        (
            pod(
                initContainerStatuses=[container(ready=True, terminated={"exitCode": 0})],
                containerStatuses=[container(ready=True, running={}), container(running={})],
            ),
            "container c runs but is not ready",
        ),
        (pod(containerStatuses=[container(**waiting("ContainerCreating"))]), "ContainerCreating"),
    ],
)
def test_the_reason_of_a_pod_is_its_most_serious_one(
    found: dict[str, Any], reason: str | None
) -> None:
    assert pod_reason(found) == reason


def test_a_deployment_says_why_it_has_no_pods() -> None:
    refused = condition("ReplicaFailure", "True", reason="FailedCreate", message='pods "a" is\nbad')
    failing = {"status": {"conditions": [condition("Available", "False"), refused]}}
    assert deployment_reason(failing) == 'FailedCreate: pods "a" is bad'
    assert deployment_reason({"status": {"conditions": [condition("Available", "False")]}}) is None


def test_what_is_no_longer_waited_for_is_reported_in_the_order_of_the_waiting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ["d", "a", "c", "b", "e"]
    pods = [{"metadata": {"name": name, "namespace": "n"}} for name in names]

    class Api(Handler):
        def do_GET(self) -> None:
            self.answer(200, json.dumps({"items": pods if self.path.endswith("pods") else []}))

    with serving(Api) as url:
        report = WaitReport(Access(url), ["n"])
        report.update()
        pods.clear()
        report.update()
    ended = [line for line in capsys.readouterr().out.splitlines() if line.endswith("or gone")]
    assert ended == [f"n/{name}: ready, or gone" for name in names]
