"""Stand-ins for pulumi, kind, docker and kubectl: they note how they were called, and keep state.

`<folder>/log` has a line for each call. Files in `<folder>` are their state: `cluster` (kind's),
`images` (docker's, one a line), `outputs.json` and `password` (the stack's), `update` (a script
that `pulumi up` runs), `kubeconfig` (what kind writes), `logged-in`.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.http_edge import Handler, serving
from tests.stacks.test_kubeconfig import kubeconfig

_SCRIPTS = {
    "pulumi": """
case "$*" in
  whoami*) test -n "$PULUMI_BACKEND_URL" || test -f $state/logged-in ;;
  "config get"*) cat $state/password ;;
  "config set"*) cat > $state/password ;;
  "stack output"*) cat $state/outputs.json ;;
  up*) if test -f $state/update; then . $state/update; fi ;;
esac
""",
    "kind": """
case "$*" in
  "get clusters") cat $state/cluster 2> /dev/null || true ;;
  "create cluster"*|"export kubeconfig"*)
    echo mcp-observability > $state/cluster; cp $state/kubeconfig "${@: -1}" ;;
  "delete cluster"*) rm $state/cluster ;;
esac
""",
    "docker": """
case "$*" in
  build*) echo mcp-observability-proxy:0.1.0 >> $state/images ;;
  "image inspect"*) grep --line-regexp --fixed-strings "${@: -1}" $state/images ;;
esac
""",
}


@dataclass(frozen=True)
class StandIns:
    """Programs on a PATH of their own, and a checkout with one stack."""

    folder: Path
    root: Path

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder)}

    def without(self, program: str) -> dict[str, str]:
        """A PATH that has all stand-ins but one, and no real programs beside them."""
        (self.folder / "bin" / program).unlink()
        return {**self.environ, "PATH": str(self.folder / "bin")}

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def calls(self) -> list[str]:
        """All calls so far."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


def install(folder: Path, root: Path) -> StandIns:
    """Write the stand-ins below `folder`; `kubectl` is one of each test's own."""
    (folder / "bin").mkdir(parents=True)
    for name, script in _SCRIPTS.items():
        add_program(folder, name, script)
    return StandIns(folder, root)


def add_program(folder: Path, name: str, script: str) -> None:
    """Write a program that notes its calls and then runs a script."""
    path = folder / "bin" / name
    path.write_text(f'#!/bin/bash\nstate={folder}\necho "{name} $*" >> $state/log\n{script}')
    path.chmod(0o755)


UNPULLED = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
ENDPOINT = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}}

Answer = Callable[[str, int], list[Any]]
"""The items of a path, by how often it was asked for before."""


def late_pod(path: str, asked: int) -> list[Any]:
    """A pod of a server whose image cannot be pulled at first."""
    if path.endswith("/mcp-servers/pods"):
        pulling = {"containerStatuses": [{"name": "mcp", "state": UNPULLED}]}
        metadata = {"name": "echo-1", "namespace": "mcp-servers"}
        return [{"metadata": metadata, "status": READY if asked else pulling}]
    if "endpointslices" in path:
        return [{"endpoints": [ENDPOINT]}]
    return []


def no_endpoints(path: str, asked: int) -> list[Any]:
    """A server that its operator never starts."""
    return []


@contextmanager
def cluster(stand_ins: StandIns, answer: Answer) -> Iterator[str]:
    """An API server, and the kubeconfig that leads there, which kind would write."""
    asked: dict[str, int] = {}

    class Api(Handler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            self.answer(200, json.dumps({"items": answer(path, asked.get(path, 0))}))
            asked[path] = asked.get(path, 0) + 1

    with serving(Api) as url:
        content = kubeconfig("kind-mcp-observability", current="kind-mcp-observability", server=url)
        stand_ins.write("kubeconfig", yaml.safe_dump(content))
        yield yaml.safe_dump(content)
