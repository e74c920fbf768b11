"""A running node, from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.kubeapi.client import Access, ApiError, Client
from tests.node import images
from tests.node.images import Image
from tests.node.settings import DNS_IMAGE, NODE_NAME, PAUSE_IMAGE, Layout, Place
from tests.waiting import NeverHappened, until

ROOT = Path(__file__).parents[2]
TOOLS = ("etcd", "kube-apiserver", "kubernetes-node", "coredns", "pause")
READY_SECONDS = 180.0
LOOK_SECONDS = 0.25


class NodeFailed(Exception):
    """The node did not start; the text says why."""


@dataclass(frozen=True)
class Node:
    """A node that is ready."""

    layout: Layout
    access: Access

    @property
    def kubeconfig(self) -> Path:
        return self.layout.kubeconfig("admin")

    def load(self, archive: Path) -> None:
        """Import an archive of images, so that pods find them."""
        socket = str(self.layout.containerd_socket)
        command = ("ctr", "--address", socket, "--namespace", "k8s.io", "images", "import")
        done = subprocess.run((*command, str(archive)), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeFailed(f"images were not imported: {done.stderr.strip()}")


@contextmanager
def supervised(
    log: Path, tools: Mapping[str, Path]
) -> Iterator[tuple[subprocess.Popen[str], Layout]]:
    """A supervisor whose node has begun to start, until the block ends."""
    needed = json.dumps({name: str(tools[name]) for name in TOOLS})
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            (sys.executable, "-m", "tests.node.supervisor", needed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        ) as supervisor,
    ):
        assert supervisor.stdin
        assert supervisor.stdout
        try:
            words = supervisor.stdout.readline().split()
            if not words:
                raise NodeFailed(log.read_text())
            _, folder, index = words
            yield supervisor, Layout(Place(int(index)), Path(folder))
        finally:
            supervisor.stdin.close()
            supervisor.wait()


@contextmanager
def running(folder: Path, tools: Mapping[str, Path]) -> Iterator[Node]:
    """Run a node until the block ends; `folder` is for what is needed to start it."""
    log = folder / "supervisor.log"
    with supervised(log, tools) as (supervisor, layout):
        basics = images.write(folder / "basics.tar", _basics(folder, tools))
        token = (layout / "admin.token").read_text()
        authority = str(layout.certificate_authority)
        node = Node(layout, Access(layout.place.api_server, authority, token))
        _await_ready(node, basics, supervisor, log)
        yield node


def _basics(folder: Path, tools: Mapping[str, Path]) -> Iterable[Image]:
    for name, image in (("pause", PAUSE_IMAGE), ("coredns", DNS_IMAGE)):
        files = images.program(f"/{name}", tools[name])
        yield Image(
            (image,), (images.layer(folder / f"{name}.tar", files),), {"Entrypoint": [f"/{name}"]}
        )


def _await_ready(node: Node, basics: Path, supervisor: subprocess.Popen[str], log: Path) -> None:
    def alive(probe: bool) -> bool:
        if supervisor.poll() is not None:
            raise NodeFailed(f"the node ended: {log.read_text()}")
        return probe

    socket = node.layout.containerd_socket
    until(lambda: alive(socket.exists()), seconds=READY_SECONDS, what="containerd listens")
    node.load(basics)
    client = Client(node.access, field_manager="node")
    try:
        until(
            lambda: alive(_is_ready(client, node.layout.place)),
            seconds=READY_SECONDS,
            what="the node is ready",
            every=LOOK_SECONDS,
        )
    except NeverHappened as error:
        raise NodeFailed(f"{error}: {log.read_text()}") from None
    finally:
        client.close()


def _is_ready(client: Client, place: Place) -> bool:
    """Whether the node is ready and answers names; the objects that it needs for that are made."""
    try:
        node = client.read("v1", "Node", NODE_NAME)
        accounts = client.read("v1", "ServiceAccount", "default", namespace="kube-system")
        if not node or not accounts or not _condition(node, "Ready"):
            return False
        name = client.read("apps/v1", "Deployment", "coredns", namespace="kube-system")
        if name is None:
            for each in _dns(place):
                client.apply(each)
            return False
        return _condition(name, "Available")
    except (ApiError, OSError):
        return False


def _condition(found: dict[str, Any], kind: str) -> bool:
    conditions = found.get("status", {}).get("conditions", ())
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _dns(place: Place) -> Iterator[dict[str, Any]]:
    text = Path(__file__).with_name("dns.yaml").read_text()
    text = text.replace("ADDRESS", place.dns).replace("IMAGE", DNS_IMAGE)
    yield from yaml.safe_load_all(text)
