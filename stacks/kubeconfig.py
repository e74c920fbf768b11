"""Which cluster the stack goes to: kubeconfig files, read and merged as kubectl does."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks import fields
from stacks.cluster_api import Access
from stacks.fields import ConfigError

KUBECONFIG_KEY = "kubernetes:kubeconfig"
CONTEXT_KEY = "kubernetes:context"
IN_CLUSTER = "in-cluster"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A context of a kubeconfig, its API server, and where that was found."""

    context: str
    access: Access
    source: str

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self.access.server

    def __str__(self) -> str:
        return f"context {self.context} ({self.server}, from {self.source})"


def chosen_cluster(
    kubeconfig: str | None, context: str | None, environ: Mapping[str, str]
) -> Cluster | None:
    """The cluster of the settings or, without them, of the environment. Raises ConfigError.

    `kubeconfig` is a path or the content of a kubeconfig. Without one, the files of the variable
    KUBECONFIG count, or ~/.kube/config; without any, the service account of the pod. None if there
    is nothing of all that.
    """
    if kubeconfig is not None:
        files = {_source(kubeconfig): _given(kubeconfig)}
    else:
        files = {str(path): _read(path) for path in _paths(environ) if path.exists()}
    if not files and "KUBERNETES_SERVICE_HOST" in environ:
        host = environ["KUBERNETES_SERVICE_HOST"]
        return Cluster(IN_CLUSTER, Access.of_pod(f"https://{host}"), "the pod's service account")
    return _cluster(files, context) if files else None


def _cluster(files: Mapping[str, Mapping[str, Any]], context: str | None) -> Cluster | None:
    contexts = _merged(files, "contexts")
    known = ", ".join(contexts) or "no context"
    current = (str(each["current-context"]) for each in files.values() if each["current-context"])
    name = next(current, None) if context is None else context
    if name is None and not contexts:
        return None
    if name is None:
        raise ConfigError(
            f"{CONTEXT_KEY}: missing, and the kubeconfig has no current context; it has: {known}"
        )
    if name not in contexts:
        raise fields.refuse(CONTEXT_KEY, name, f"the kubeconfig has: {known}")
    named = contexts[name]
    cluster = _merged(files, "clusters").get(str(named.get("cluster")), {})
    user = _merged(files, "users").get(str(named.get("user")), {})
    if not cluster.get("server"):
        raise fields.refuse(CONTEXT_KEY, name, "its cluster is not in the kubeconfig")
    return Cluster(name, Access(str(cluster["server"]), cluster, user), ", ".join(files))


def _paths(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files that kubectl reads; empty entries do not count."""
    if listed := environ.get("KUBECONFIG"):
        yield from (Path(each) for each in dict.fromkeys(listed.split(os.pathsep)) if each)
    elif home := environ.get("HOME"):
        yield Path(home, ".kube", "config")


def _is_content(kubeconfig: str) -> bool:
    return "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")


def _source(kubeconfig: str) -> str:
    return KUBECONFIG_KEY if _is_content(kubeconfig) else kubeconfig


def _given(kubeconfig: str) -> Mapping[str, Any]:
    if _is_content(kubeconfig):
        return _parsed(kubeconfig, KUBECONFIG_KEY, Path())
    path = Path(kubeconfig).expanduser()
    if not path.is_file():
        raise fields.refuse(KUBECONFIG_KEY, kubeconfig, "it must be a file or its content")
    return _read(path)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), str(path), path.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{KUBECONFIG_KEY}: cannot read {path}: {error}") from None


def _parsed(text: str, source: str, folder: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(text) or {}
        names = {
            kind: {
                str(each["name"]): _located(each[kind.removesuffix("s")] or {}, folder)
                for each in found[kind]
            }
            for kind in ("contexts", "clusters", "users")
            if found.get(kind)
        }
        return {"current-context": found.get("current-context"), **names}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise ConfigError(f"{KUBECONFIG_KEY}: {source} is not a kubeconfig") from None


def _located(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Paths of files, and of a plugin, are relative to the kubeconfig that names them."""
    found = dict(entry)
    for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if found.get(name):
            found[name] = str(folder / found[name])
    plugin = found.get("exec")
    if plugin and os.path.sep in plugin["command"]:
        found["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return found


def _merged(files: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """Entries by name; of two with one name, the first counts."""
    merged: dict[str, Any] = {}
    for each in files.values():
        merged = {**each.get(kind, {}), **merged}
    return merged
