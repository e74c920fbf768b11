"""What a kubelet's cAdvisor and kube-state-metrics answer to a scrape, word for word in form.

Label sets are those of kubelet 1.34 (`/metrics/cadvisor`) and kube-state-metrics 2.
"""

from collections.abc import Iterable, Iterator

from tests.cluster.pods import EVERYONE, NODE, Pod

_IMAGE, _PAUSE = "echo-server:0.1.0", "pause:3.10"


def cadvisor(age: float) -> str:
    """cAdvisor's page `age` seconds after the start: container, whole pod, and cgroups above."""
    cpu = [_cadvisor(_CPU, pod, part, pod.seconds(age)) for pod in EVERYONE for part in _parts(pod)]
    memory = [_cadvisor(_MEMORY, pod, part, pod.bytes) for pod in EVERYONE for part in _parts(pod)]
    nobody = dict.fromkeys(("container", "image", "name", "namespace", "pod"), "")
    node = _line(_CPU, {**nobody, "cpu": "total", "id": "/"}, 9 * age)
    return _page((("counter", _CPU, [node, *cpu]), ("gauge", _MEMORY, memory)))


_CPU = "container_cpu_usage_seconds_total"
_MEMORY = "container_memory_working_set_bytes"


def _parts(pod: Pod) -> tuple[str, str, str]:
    """The container, the pause container's sandbox, and the pod's own cgroup, which adds them."""
    return (pod.container, "POD", "")


def _cadvisor(name: str, pod: Pod, container: str, value: float) -> str:
    slice_ = f"/kubelet.slice/kubelet-kubepods.slice/pod{pod.uid}.slice"
    sandbox = container == "POD"
    labels = {
        "container": "" if sandbox else container,
        **({"cpu": "total"} if name == _CPU else {}),
        "id": f"{slice_}/cri-{container}.scope" if container else slice_,
        "image": _PAUSE if sandbox else _IMAGE if container else "",
        "name": f"{pod.uid}{container}" if container else "",
        "namespace": pod.namespace,
        "pod": pod.name,
    }
    return _line(name, labels, 0.0 if sandbox else value)


def kube_state(restarts: int) -> str:
    """kube-state-metrics' page after as many restarts of each container."""
    again = [_state(pod, _RESTARTS, {}, restarts) for pod in EVERYONE]
    ends = [_state(pod, _ENDS, {"reason": "OOMKilled"}, 1) for pod in EVERYONE if restarts]
    limits = [line for pod in EVERYONE for line in _limits(pod)]
    return _page(
        (("counter", _RESTARTS, again), ("gauge", _ENDS, ends), ("gauge", _LIMITS, limits))
    )


_RESTARTS = "kube_pod_container_status_restarts_total"
_ENDS = "kube_pod_container_status_last_terminated_reason"
_LIMITS = "kube_pod_container_resource_limits"


def _limits(pod: Pod) -> tuple[str, str]:
    """Twice of what the pod uses."""
    cpu = {"node": NODE, "resource": "cpu", "unit": "core"}
    memory = {"node": NODE, "resource": "memory", "unit": "byte"}
    return (_state(pod, _LIMITS, cpu, 2 * pod.cores), _state(pod, _LIMITS, memory, 2 * pod.bytes))


def _state(pod: Pod, name: str, more: dict[str, str], value: float) -> str:
    labels = {
        "namespace": pod.namespace,
        "pod": pod.name,
        "uid": pod.uid,
        "container": pod.container,
    }
    return _line(name, labels | more, value)


def _line(name: str, labels: dict[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value}"


def _page(families: Iterable[tuple[str, str, list[str]]]) -> str:
    return "".join(f"{line}\n" for family in families for line in _family(*family))


def _family(kind: str, name: str, lines: list[str]) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    yield from lines
