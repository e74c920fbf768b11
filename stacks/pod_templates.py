"""Pod templates: parts that the stack adds, and the user's `podTemplateSpec` merged over them."""

from collections.abc import Iterable
from typing import Any

from stacks.servers import Server
from stacks.values import Values

HOME = "/home/mcp"
HOME_VARIABLE = {"name": "HOME", "value": HOME}

# The keys by which Kubernetes identifies items of lists (strategic merge patch).
_ITEM_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}


def merged(base: Any, patch: Any, key: str = "") -> Any:
    """A strategic merge: maps and lists with item keys are merged, everything else is replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        added = {
            name: merged(base[name], each, name) if name in base else each
            for name, each in patch.items()
        }
        return {**base, **added}
    if isinstance(base, list) and isinstance(patch, list) and key in _ITEM_KEYS:
        return _merged_lists(base, patch, _ITEM_KEYS[key])
    return patch


def _merged_lists(base: list[Any], patch: list[Any], item_key: str) -> list[Any]:
    items = {each.get(item_key): each for each in base}
    for each in patch:
        name = each.get(item_key)
        items[name] = merged(items[name], each) if name in items else each
    return list(items.values())


def scheduling(server: Server) -> Values:
    """The fields of a pod that say where it runs, with which account and pull secrets."""
    fields = {
        "serviceAccountName": server.service_account,
        "imagePullSecrets": [{"name": each} for each in server.image_pull_secrets],
        "nodeSelector": server.node_selector,
        "tolerations": list(server.tolerations),
    }
    return {name: each for name, each in fields.items() if each}


def writable(server: Server) -> tuple[list[Values], list[Values]]:
    """Volumes and mounts for /tmp, HOME and the writable paths: nothing else can be written."""
    paths = tuple(dict.fromkeys(("/tmp", HOME, *server.security.writable_paths)))
    names = ("tmp", "home", *(f"writable-{i}" for i, _ in enumerate(paths[2:])))
    volumes: list[Values] = [{"name": name, "emptyDir": {}} for name in names]
    pairs = zip(names, paths, strict=True)
    return volumes, [{"name": name, "mountPath": path} for name, path in pairs]


def volumes(server: Server) -> tuple[list[Values], list[Values]]:
    """The server's own volumes and their mounts."""
    found = [{"name": each.name, **each.source} for each in server.volumes]
    return found, [dict(each.mount) for each in server.volumes if each.mount]


def container_security(server: Server) -> Values:
    """The security context of the server's container."""
    security = server.security
    user = {"runAsUser": security.run_as_user, "runAsGroup": security.run_as_group}
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": security.read_only_root,
        "capabilities": {"drop": ["ALL"]},
        **{name: each for name, each in user.items() if each is not None},
    }


def with_home(environment: Iterable[Values]) -> list[Values]:
    """The environment of a container, with HOME unless it is set."""
    given = list(environment)
    if any(each["name"] == "HOME" for each in given):
        return given
    return [HOME_VARIABLE, *given]
