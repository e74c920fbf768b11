"""Any Kubernetes object, by server-side apply."""

from __future__ import annotations

import threading
from typing import Any

from tests.e2e.kubeapi.client import ApiError, Client, UnknownKind
from tests.e2e.provider import readiness
from tests.e2e.provider.difference import Difference, Path, changed_paths, under
from tests.e2e.provider.handler import Existing, Refused, Resource, Unready
from tests.e2e.provider.properties import Properties, Secret, conceal, reveal
from tests.waiting import NeverHappened, until

DELETE_SECONDS = 60.0
AUTONAMED = "pulumi.com/autonamed"
_SUFFIX_BYTES = 4

# What the API server never lets change, so that a change means a new object.
_IDENTITY: tuple[Path, ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
)
_IMMUTABLE: dict[str, tuple[Path, ...]] = {
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ),
    "ReplicaSet": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template"), ("spec", "completions")),
    "Service": (("spec", "clusterIP"),),
    "PersistentVolumeClaim": (("spec", "accessModes"), ("spec", "storageClassName")),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "CustomResourceDefinition": (("spec", "group"), ("spec", "names"), ("spec", "scope")),
    "Secret": (("type",),),
}
# The real provider replaces these unless its configuration says that they are mutable.
_CONTENT: dict[str, tuple[Path, ...]] = {
    "ConfigMap": (("data",), ("binaryData",)),
    "Secret": (("data",), ("stringData",)),
}


class Objects:
    """The handler of all kinds but Release."""

    def __init__(
        self,
        client: Client,
        *,
        mutable_kinds: frozenset[str],
        awaiting: bool,
        cancelled: threading.Event,
    ) -> None:
        self._client = client
        self._mutable_kinds = mutable_kinds
        self._awaiting = awaiting
        self._cancelled = cancelled

    def check(self, resource: Resource, old_inputs: Properties, seed: bytes) -> Properties:
        inputs = resource.inputs
        kind = inputs.get("kind")
        if not inputs.get("apiVersion") or not kind:
            raise Refused(f"{resource.type_token} {resource.name!r} has no apiVersion and kind")
        if resource.type_token.endswith(("Patch", "List")):
            raise Refused(
                f"{resource.type_token} {resource.name!r}: the stand-in provider has none"
            )
        metadata = inputs.get("metadata") or {}
        named = _named(reveal(metadata), resource.name, old_inputs, seed)
        return inputs | {"metadata": conceal(named, metadata)}

    def diff(self, resource: Resource, old_inputs: Properties) -> Difference:
        old, new = reveal(old_inputs), reveal(resource.inputs)
        changed = tuple(changed_paths(old, new))
        replacing = under(changed, self._replacing_roots(new["kind"]))
        same_name = _name_and_namespace(old) == _name_and_namespace(new)
        return Difference(changed, replacing, delete_first=bool(replacing) and same_name)

    def preview(self, resource: Resource) -> Existing:
        return Existing(resource.identity, resource.inputs)

    def create(self, resource: Resource) -> Existing:
        manifest = reveal(resource.inputs)
        if self._live(manifest):
            raise Refused(
                f"{manifest['kind']} {_identity(manifest)!r} exists already: delete it or import it"
            )
        return self.update(resource)

    def update(self, resource: Resource) -> Existing:
        manifest = reveal(resource.inputs)
        try:
            live = self._client.apply(manifest)
        except (ApiError, UnknownKind) as refusal:
            raise Refused(f"{manifest['kind']} {_identity(manifest)!r}: {refusal}") from None
        if self._awaiting:
            live = self._ready(resource, live)
        return Existing(_identity(manifest), _outputs(live, resource.inputs))

    def read(self, resource: Resource) -> Existing | None:
        live = self._live(_addressed(resource))
        return Existing(resource.identity, _outputs(live, resource.inputs)) if live else None

    def delete(self, resource: Resource) -> None:
        manifest = _addressed(resource)
        name, namespace = _name_and_namespace(manifest)
        self._client.delete(
            manifest["apiVersion"],
            manifest["kind"],
            name,
            namespace=namespace,
            # The real one's. Without controllers, dependents never go.
            propagation="Foreground" if self._awaiting else "Background",
        )
        seconds = resource.timeout_seconds or DELETE_SECONDS
        try:
            until(lambda: not self._live(manifest), seconds=seconds, cancelled=self._cancelled)
        except NeverHappened as error:
            raise Refused(
                f"{manifest['kind']} {resource.identity!r} is not gone, {error}: "
                f"{_obstacles(self._live(manifest) or {})}"
            ) from None

    def _ready(self, resource: Resource, applied: dict[str, Any]) -> dict[str, Any]:
        """The object as soon as it is ready; Unready, with the reasons, if it does not get so."""
        live = applied

        def ready() -> bool:
            nonlocal live
            live = self._live(applied) or live
            return readiness.is_ready(self._client, live)

        seconds = resource.timeout_seconds or readiness.SECONDS
        every = readiness.LOOK_SECONDS
        try:
            until(ready, seconds=seconds, every=every, cancelled=self._cancelled)
        except NeverHappened as error:
            identity = _identity(applied)
            reasons = "; ".join(readiness.reasons(self._client, live))
            raise Unready(
                f"{applied['kind']} {identity!r} is not ready, {error}: {reasons}",
                identity,
                _outputs(live, resource.inputs),
            ) from None
        return live

    def _replacing_roots(self, kind: str) -> tuple[Path, ...]:
        content = () if kind in self._mutable_kinds else _CONTENT.get(kind, ())
        return _IDENTITY + _IMMUTABLE.get(kind, ()) + content

    def _live(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        name, namespace = _name_and_namespace(manifest)
        return self._client.read(
            manifest["apiVersion"], manifest["kind"], name, namespace=namespace
        )


def _named(
    metadata: dict[str, Any], name: str, old_inputs: Properties, seed: bytes
) -> dict[str, Any]:
    """Give a nameless object a random suffix, as the real provider does; it keeps it ever after."""
    if metadata.get("name"):
        return metadata
    old = reveal(old_inputs.get("metadata") or {})
    kept = old.get("annotations", {}).get(AUTONAMED) == "true"
    return metadata | {
        "name": old["name"] if kept else f"{name}-{seed[:_SUFFIX_BYTES].hex()}",
        "annotations": metadata.get("annotations", {}) | {AUTONAMED: "true"},
    }


def _name_and_namespace(manifest: dict[str, Any]) -> tuple[str, str | None]:
    return manifest["metadata"]["name"], manifest["metadata"].get("namespace")


def _identity(manifest: dict[str, Any]) -> str:
    return "/".join(filter(None, reversed(_name_and_namespace(manifest))))


def _addressed(resource: Resource) -> dict[str, Any]:
    """The object's type from its token (`core` is the group without a name), the rest by its id."""
    _, api_version, kind = resource.type_token.split(":")
    namespace, _, name = resource.identity.rpartition("/")
    return {
        "apiVersion": api_version.removeprefix("core/"),
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace or None},
    }


def _outputs(live: dict[str, Any], inputs: Properties) -> Properties:
    """The object as it is now; the content of a Secret is secret wherever it came from."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    outputs: Properties = conceal(live | {"metadata": metadata}, inputs)
    if live["kind"] == "Secret" and "data" in live:
        outputs["data"] = Secret(live["data"])
    return outputs


def _obstacles(live: dict[str, Any]) -> str:
    """What an object says about why it stays."""
    metadata = live.get("metadata", {})
    finalizers = metadata.get("finalizers") or live.get("spec", {}).get("finalizers") or []
    conditions = live.get("status", {}).get("conditions", [])
    messages = [condition["message"] for condition in conditions if condition.get("message")]
    return "; ".join([f"finalizers {finalizers}", *messages])
