"""What a program configures on the provider resource, or in `kubernetes:` keys of its stack."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.provider.handler import Refused

_MUTABLE = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}


@dataclass(frozen=True)
class Configuration:
    """Which cluster, and which kinds may change their content in place."""

    kubeconfig: Path
    mutable_kinds: frozenset[str]

    @classmethod
    def of(
        cls, arguments: Mapping[str, Any], environment: Mapping[str, str], folder: Path
    ) -> Configuration:
        """The provider's arguments, else KUBECONFIG; a kubeconfig given as text goes to a file."""
        given = arguments.get("kubeconfig") or environment.get("KUBECONFIG")
        if not given:
            raise Refused("no kubeconfig: set kubernetes:kubeconfig or KUBECONFIG")
        return cls(
            kubeconfig=_as_file(given, folder),
            mutable_kinds=frozenset(
                kind for key, kind in _MUTABLE.items() if _is_true(arguments.get(key))
            ),
        )


def _as_file(kubeconfig: str, folder: Path) -> Path:
    if "\n" not in kubeconfig and not kubeconfig.startswith("{"):
        return Path(kubeconfig)
    path = folder / "kubeconfig"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(kubeconfig)
    return path


def _is_true(value: Any) -> bool:
    """Arguments that are not text arrive as JSON in text."""
    return json.loads(value) is True if isinstance(value, str) else bool(value)
