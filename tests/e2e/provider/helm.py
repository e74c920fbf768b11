"""The helm command line."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Beyond the time that helm itself is given for one operation.
MARGIN_SECONDS = 30.0


class HelmFailed(Exception):
    """Helm ended with an error; the text is its own."""


class NameTaken(HelmFailed):
    """There is a release of that name already."""


@dataclass(frozen=True)
class Helm:
    """The binary, the cluster it works on, and a folder for what it would leave in HOME."""

    binary: Path
    kubeconfig: Path
    folder: Path

    def install(self, name: str, arguments: Iterable[str], *, seconds: float) -> dict[str, Any]:
        """Install a new release; NameTaken if there is one of that name."""
        try:
            return self._answer(["install", name, *arguments, *_timeout(seconds)], seconds=seconds)
        except HelmFailed as failure:
            if "cannot re-use a name" in str(failure):
                raise NameTaken(str(failure)) from None
            raise

    def upgrade(self, name: str, arguments: Iterable[str], *, seconds: float) -> dict[str, Any]:
        """Upgrade a release, also one whose installation failed."""
        command = ["upgrade", "--install", name, *arguments, *_timeout(seconds)]
        return self._answer(command, seconds=seconds)

    def status(self, name: str, namespace: str, *, seconds: float) -> dict[str, Any] | None:
        """The release as the cluster has it, None if it has none."""
        try:
            return self._answer(["status", name, "--namespace", namespace], seconds=seconds)
        except HelmFailed as failure:
            if "release: not found" in str(failure):
                return None
            raise

    def uninstall(self, name: str, namespace: str, *, seconds: float) -> None:
        """Uninstall a release; one that is not there is uninstalled already."""
        command = ["uninstall", name, "--namespace", namespace, "--ignore-not-found", "--wait"]
        self._run([*command, *_timeout(seconds)], seconds=seconds)

    def values_file(self, values: Mapping[str, Any]) -> Path:
        """A new file with `values` (JSON is YAML) that only its owner can read."""
        handle, path = tempfile.mkstemp(suffix=".json", dir=self.folder)
        with os.fdopen(handle, "w") as file:
            json.dump(values, file)
        return Path(path)

    def _answer(self, command: list[str], *, seconds: float) -> dict[str, Any]:
        return dict(json.loads(self._run([*command, "--output", "json"], seconds=seconds)))

    def _run(self, command: list[str], *, seconds: float) -> str:
        done = subprocess.run(
            [str(self.binary), *command],
            env=os.environ | self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds + MARGIN_SECONDS,
            check=False,
        )
        if done.returncode:
            raise HelmFailed(done.stderr.strip() or f"helm ended with code {done.returncode}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "HELM_CACHE_HOME": str(self.folder / "cache"),
            "HELM_CONFIG_HOME": str(self.folder / "config"),
            "HELM_DATA_HOME": str(self.folder / "data"),
        }


def _timeout(seconds: float) -> list[str]:
    return ["--timeout", f"{seconds:g}s"]
