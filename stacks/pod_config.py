"""Checks of the keys of an entry of `servers` that describe its pod."""

from functools import partial
from typing import Any

from stacks import fields
from stacks.fields import ConfigError, refuse
from stacks.secret_values import revealed
from stacks.servers import ServerSecurity, Volume
from stacks.values import Values

_RESOURCES = ("cpu", "memory", "ephemeral-storage")
# What the restricted Pod Security Standard allows.
_VOLUME_SOURCES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_PROFILES = ("none", "network")
_RESERVED_VOLUMES = ("tmp", "home", "ca", "baseline", "writable")


def resources(key: str, value: object) -> Values:
    """`requests` and `limits`."""

    def amounts(key: str, value: object) -> Values:
        return fields.mapping(_resource, fields.quantity, key, value, "resources to amounts")

    def section(key: str, value: object) -> str:
        if value in ("requests", "limits"):
            return str(value)
        raise refuse(key, value, "allowed: requests, limits")

    return fields.mapping(section, amounts, key, value, "requests and limits to amounts")


def _resource(key: str, value: object) -> str:
    if value in _RESOURCES:
        return str(value)
    raise refuse(key, value, f"allowed: {', '.join(_RESOURCES)}")


def volumes(key: str, value: object) -> tuple[Volume, ...]:
    """A list of volumes with names of their own."""
    volumes = fields.items(_volume, key, value, "volumes")
    names = [each.name for each in volumes]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(f"{key}[{index}].name", name, "another volume has this name")
    return volumes


def _volume(key: str, value: object) -> Volume:
    known, allowed = ("name", "mountPath", "subPath", "readOnly"), ", ".join(_VOLUME_SOURCES)
    if isinstance(value, dict) and "hostPath" in value:
        hint = f"restricted pods have no hostPath; use one of {allowed}"
        raise refuse(f"{key}.hostPath", value["hostPath"], hint)
    needed = "with name, mountPath and a source"
    with fields.entry(key, value, (*known, *_VOLUME_SOURCES), needed) as entry:
        name = entry.required("name", fields.label, "a volume has a name")
        if name in _RESERVED_VOLUMES:
            reserved = ", ".join(_RESERVED_VOLUMES)
            entry.refuse("name", f"the stack has a volume of this name: {reserved}")
        source = {each: revealed(entry.get(each)) for each in _VOLUME_SOURCES if each in entry}
        if len(source) != 1:
            wrong = f"{key}: a volume has one source; allowed: {allowed}"
            entry.mistakes.add(ConfigError(wrong))
        mount = {
            "mountPath": entry.read("mountPath", fields.path, None),
            "subPath": entry.read("subPath", fields.text, None),
            "readOnly": entry.read("readOnly", fields.boolean, None),
        }
    given = {each: found for each, found in mount.items() if found is not None}
    return Volume(name, source, {"name": name, **given} if "mountPath" in given else None)


def pull_secrets(key: str, value: object) -> tuple[str, ...]:
    """Secrets' names, or maps with `name` as in a pod."""

    def one(key: str, value: object) -> str:
        if isinstance(value, dict) and [*value] == ["name"]:
            return fields.object_name(f"{key}.name", value["name"])
        return fields.object_name(key, value)

    return fields.items(one, key, value, "names of Secrets")


def texts(key: str, value: object) -> Values:
    """A map of text to text."""
    return fields.mapping(fields.text, fields.text, key, value, "names to text")


def tolerations(key: str, value: object) -> tuple[Any, ...]:
    """A pod's tolerations, passed on unchanged."""
    found = fields.items(fields.tree, key, value, "tolerations")
    return tuple(revealed(each) for each in found)


def pod_template(key: str, value: object) -> Values:
    """A patch of the pod without privileges."""
    empty: dict[str, Any] = {}
    with fields.entry(key, value, ("metadata", "spec"), "with metadata or spec") as entry:
        found = {
            name: entry.read(name, fields.tree, empty)
            for name in ("metadata", "spec")
            if name in entry
        }
    if forbidden := _privileges(found, key):
        hint = "nothing in this stack is privileged; leave it out"
        raise ConfigError(*(f"{path}: {hint}" for path in forbidden))
    return {name: _structural(each) for name, each in found.items()}


def _structural(value: Any) -> Any:
    """Secret values stay so only as values of variables; elsewhere they are names and numbers."""
    if isinstance(value, list):
        return [_structural(each) for each in value]
    if isinstance(value, dict):
        return {
            name: each if name == "value" else _structural(each) for name, each in value.items()
        }
    return revealed(value)


def _privileges(value: Any, path: str) -> list[str]:
    """The paths of settings that give a pod rights on its node."""
    if isinstance(value, list):
        return [
            found
            for index, each in enumerate(value)
            for found in _privileges(each, f"{path}[{index}]")
        ]
    if not isinstance(value, dict):
        return []
    forbidden = ("privileged", "hostNetwork", "hostPID", "hostIPC", "allowPrivilegeEscalation")
    own = [f"{path}.{name}" for name in forbidden if value.get(name) is True]
    return own + [
        found
        for name, each in value.items()
        for found in _privileges(each, fields.below(path, name))
    ]


def permission_profile(key: str, value: object) -> Values:
    """ToolHive's profile: a built-in one by name, or a map with type and name."""
    given = revealed(value)
    if given in _PROFILES:
        return {"type": "builtin", "name": given}
    if not isinstance(given, dict):
        raise refuse(key, value, "allowed: none, network, or a map with type and name")
    hint = "a profile has type and name"
    with fields.entry(key, given, ("type", "name", "key")) as entry:
        kind, name = (entry.required(each, fields.text, hint) for each in ("type", "name"))
        if kind not in (None, "builtin", "configmap"):
            entry.refuse("type", "allowed: builtin, configmap")
        if kind == "builtin" and name not in (None, *_PROFILES):
            entry.refuse("name", f"allowed: {', '.join(_PROFILES)}")
    return dict(given)


def security(key: str, value: object) -> ServerSecurity:
    """User, group and writable paths of the server's container."""
    known = ("runAsUser", "runAsGroup", "fsGroup", "readOnlyRootFilesystem", "writablePaths")
    number = partial(fields.integer, low=1, high=2**31 - 1)

    def paths(key: str, value: object) -> tuple[str, ...]:
        return fields.items(fields.path, key, value, "absolute paths")

    with fields.entry(key, value, known) as entry:
        return ServerSecurity(
            run_as_user=entry.read("runAsUser", number, None),
            run_as_group=entry.read("runAsGroup", number, None),
            fs_group=entry.read("fsGroup", number, None),
            read_only_root=entry.read("readOnlyRootFilesystem", fields.boolean, True),
            writable_paths=entry.read("writablePaths", paths, ()),
        )
