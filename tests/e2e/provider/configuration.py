"""What a program configures on the provider resource, or in `kubernetes:` keys of its stack."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.kubeapi.client import Access
from tests.e2e.provider.handler import Refused

_MUTABLE = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}


@dataclass(frozen=True)
class Configuration:
    """Which cluster, and which kinds may change their content in place.

    `kubeconfig` is a file with nothing but the context that was chosen.
    """

    access: Access
    kubeconfig: Path
    mutable_kinds: frozenset[str]

    @classmethod
    def of(
        cls, arguments: Mapping[str, Any], environment: Mapping[str, str], folder: Path
    ) -> Configuration:
        """The property `kubeconfig`, one file or its content, else the files of KUBECONFIG."""
        merged = _merged(arguments.get("kubeconfig"), environment)
        context = arguments.get("context") or merged["current-context"]
        if context not in merged["contexts"]:
            raise Refused(f"context {context!r} does not exist")
        chosen = _only(merged, context)
        path = folder / "kubeconfig"
        _write_private(path, yaml.safe_dump(chosen))
        return cls(
            access=Access.from_kubeconfig(path),
            kubeconfig=path,
            mutable_kinds=frozenset(
                kind for key, kind in _MUTABLE.items() if _is_true(arguments.get(key))
            ),
        )


def _merged(given: str | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """The entries of all files by kind and name; what comes first counts."""
    documents = [_document(given)] if given else list(_documents(environment))
    if not documents:
        raise Refused("no kubeconfig: set kubernetes:kubeconfig or KUBECONFIG")
    merged: dict[str, Any] = {"current-context": None, "contexts": {}, "clusters": {}, "users": {}}
    for each in documents:
        merged["current-context"] = merged["current-context"] or each.get("current-context")
        for kind in ("contexts", "clusters", "users"):
            for entry in each.get(kind) or []:
                merged[kind].setdefault(entry["name"], entry)
    return merged


def _documents(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    paths = [Path(each) for each in environment.get("KUBECONFIG", "").split(os.pathsep) if each]
    return [yaml.safe_load(path.read_text()) for path in paths if path.exists()]


def _document(given: str) -> dict[str, Any]:
    is_content = "\n" in given or given.startswith("{")
    return dict(yaml.safe_load(given if is_content else Path(given).read_text()))


def _only(merged: Mapping[str, Any], context: str) -> dict[str, Any]:
    entry = merged["contexts"][context]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [entry],
        "clusters": [merged["clusters"][entry["context"]["cluster"]]],
        "users": [merged["users"][entry["context"]["user"]]],
        "current-context": context,
    }


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def _is_true(value: Any) -> bool:
    """Arguments that are not text arrive as JSON in text."""
    return json.loads(value) is True if isinstance(value, str) else bool(value)
