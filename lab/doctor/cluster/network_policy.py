"""Whether NetworkPolicies let a pod connect to another (networking.k8s.io/v1). Pure."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

from lab.doctor.cluster.objects import Json, Labels, containers_of, full_name, labels_of, selects


def forbidding(
    policies: Iterable[Json],
    namespaces: Mapping[str, Labels],
    *,
    source: Json,
    target: Json,
    port: int,
) -> tuple[str, ...]:
    """The policies that select one of the pods while none lets this TCP connection through."""
    every = tuple(policies)
    names: list[str] = []
    for direction, own, peer in (("Egress", source, target), ("Ingress", target, source)):
        selecting = [each for each in every if _selects(each, own, direction)]
        if selecting and not any(
            _admits(each, rule, direction, peer, namespaces, target, port)
            for each in selecting
            for rule in each["spec"].get(direction.lower()) or ()
        ):
            names += map(full_name, selecting)
    return tuple(names)


def _selects(policy: Json, pod: Json, direction: str) -> bool:
    spec = policy["spec"]
    default = ("Ingress", "Egress") if "egress" in spec else ("Ingress",)
    return (
        policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and direction in (spec.get("policyTypes") or default)
        and selects(spec.get("podSelector") or {}, labels_of(pod))
    )


def _admits(
    policy: Json,
    rule: Json,
    direction: str,
    peer: Json,
    namespaces: Mapping[str, Labels],
    target: Json,
    port: int,
) -> bool:
    peers = rule.get("from" if direction == "Ingress" else "to") or ()
    ports = rule.get("ports") or ()
    own = policy["metadata"]["namespace"]
    return (not peers or any(_is_peer(each, own, peer, namespaces) for each in peers)) and (
        not ports or any(_has_port(each, target, port) for each in ports)
    )


def _is_peer(peer: Json, own: str, pod: Json, namespaces: Mapping[str, Labels]) -> bool:
    if block := peer.get("ipBlock"):
        return any(_is_in(block, each) for each in _addresses(pod))
    namespace = pod["metadata"]["namespace"]
    by_namespace = peer.get("namespaceSelector")
    if by_namespace is None:
        in_namespace = namespace == own
    else:
        in_namespace = selects(by_namespace, namespaces.get(namespace, {}))
    return in_namespace and selects(peer.get("podSelector") or {}, labels_of(pod))


def _addresses(pod: Json) -> Iterator[str]:
    yield from (each["ip"] for each in pod.get("status", {}).get("podIPs") or ())


def _is_in(block: Json, address: str) -> bool:
    found = ip_address(address)
    excepted = block.get("except") or ()
    return found in ip_network(block["cidr"]) and not any(
        found in ip_network(each) for each in excepted
    )


def _has_port(allowed: Json, target: Json, port: int) -> bool:
    if allowed.get("protocol", "TCP") != "TCP":
        return False
    first = allowed.get("port")
    if isinstance(first, str):
        named = (each for one in containers_of(target) for each in one.get("ports") or ())
        return any(each.get("name") == first and each["containerPort"] == port for each in named)
    return first is None or first <= port <= allowed.get("endPort", first)
