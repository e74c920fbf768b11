"""Which cluster the stack goes to: kubeconfig files, read and merged as kubectl does."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks import fields
from stacks.fields import ConfigError

KUBECONFIG_KEY = "kubernetes:kubeconfig"
CONTEXT_KEY = "kubernetes:context"
IN_CLUSTER = "in-cluster"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A context of a kubeconfig, the URL of its API server, and where that was found."""

    context: str
    server: str
    source: str

    def __str__(self) -> str:
        return f"context {self.context} ({self.server}, from {self.source})"


def chosen_cluster(
    kubeconfig: str | None, context: str | None, environ: Mapping[str, str]
) -> Cluster:
    """The cluster of the settings or, without them, of the environment. Raises ConfigError.

    `kubeconfig` is a path or the content of a kubeconfig. Without one, the files of the variable
    KUBECONFIG count, or ~/.kube/config; without any, the service account of the pod.
    """
    if kubeconfig is not None:
        files = {_source(kubeconfig): _given(kubeconfig)}
    else:
        files = {str(path): _read(path) for path in _paths(environ) if path.exists()}
    if not files and "KUBERNETES_SERVICE_HOST" in environ:
        host = environ["KUBERNETES_SERVICE_HOST"]
        return Cluster(IN_CLUSTER, f"https://{host}", "the pod's service account")
    if not files:
        raise ConfigError(
            f"{CONTEXT_KEY}: there is no kubeconfig; set KUBECONFIG or {KUBECONFIG_KEY}"
        )
    return _cluster(files, context)


def _cluster(files: Mapping[str, Mapping[str, Any]], context: str | None) -> Cluster:
    contexts = _merged(files, "contexts")
    known = ", ".join(contexts) or "no context"
    current = (str(each["current-context"]) for each in files.values() if each["current-context"])
    name = next(current, None) if context is None else context
    if name is None:
        raise ConfigError(
            f"{CONTEXT_KEY}: missing, and the kubeconfig has no current context; it has: {known}"
        )
    if name not in contexts:
        raise fields.refuse(CONTEXT_KEY, name, f"the kubeconfig has: {known}")
    clusters = _merged(files, "clusters")
    server = clusters.get(str(contexts[name].get("cluster")), {}).get("server")
    if not server:
        raise fields.refuse(CONTEXT_KEY, name, "its cluster is not in the kubeconfig")
    return Cluster(name, str(server), ", ".join(files))


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
        return _parsed(kubeconfig, KUBECONFIG_KEY)
    path = Path(kubeconfig).expanduser()
    if not path.is_file():
        raise fields.refuse(KUBECONFIG_KEY, kubeconfig, "it must be a file or its content")
    return _read(path)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{KUBECONFIG_KEY}: cannot read {path}: {error}") from None


def _parsed(text: str, source: str) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(text) or {}
        names = {
            kind: {str(each["name"]): each[kind.removesuffix("s")] or {} for each in found[kind]}
            for kind in ("contexts", "clusters")
            if found.get(kind)
        }
        return {"current-context": found.get("current-context"), **names}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise ConfigError(f"{KUBECONFIG_KEY}: {source} is not a kubeconfig") from None


def _merged(files: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """Entries by name; of two with one name, the first counts."""
    merged: dict[str, Any] = {}
    for each in files.values():
        merged = {**each.get(kind, {}), **merged}
    return merged
