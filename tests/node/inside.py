"""`python -m tests.node.inside FOLDER INDEX TOOLS`: the node's first process.

It runs as process 1 of namespaces of its own. Standard input says when the network is there. When
one of the parts ends, so does this process, and the kernel then ends all others.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.node import settings
from tests.node.settings import Layout, Place
from tests.waiting import until

START_SECONDS = 120.0
_SET_BY_KUBELETS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
"""Values of the whole machine, below /proc/sys."""


def main(folder: Path, index: int, tools: Mapping[str, str]) -> int:
    layout = Layout(Place(index), folder)
    _prepare_mounts(layout)
    sys.stdin.readline()
    _prepare_network(layout.place)
    node = tools["kubernetes-node"]
    parts = {
        "etcd": [tools["etcd"], *settings.etcd(layout)],
        "kube-apiserver": [tools["kube-apiserver"], *settings.api_server(layout)],
        "containerd": ["containerd", "--config", str(layout / "containerd.toml")],
    }
    later = {
        "kube-controller-manager": [node, "kube-controller-manager", *settings.controllers(layout)],
        "kube-scheduler": [node, "kube-scheduler", *settings.scheduler(layout)],
        "kube-proxy": [node, "kube-proxy", *settings.proxy(layout)],
        "kubelet": [node, "kubelet", *settings.kubelet(layout)],
    }
    names = {_start(layout, name, command): name for name, command in parts.items()}
    until(lambda: _is_ready(layout), seconds=START_SECONDS, what="the API server is ready")
    until(layout.containerd_socket.exists, seconds=START_SECONDS, what="containerd listens")
    names |= {_start(layout, name, command): name for name, command in later.items()}
    while True:
        ended, status = os.wait()
        if ended in names:
            code = os.waitstatus_to_exitcode(status)
            print(f"{names[ended]} ended with {code}: {_tail(layout.log(names[ended]))}")
            return 1


def _prepare_mounts(layout: Layout) -> None:
    """Nothing that the parts write outside of their folder is seen outside, or stays."""
    for name in _SET_BY_KUBELETS:
        value, copy = Path("/proc/sys", name), layout / "sys" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(value.read_bytes())
        _run("mount", "--bind", str(copy), str(value))
    for path in ("/run", "/var/log"):
        _run("mount", "-t", "tmpfs", "tmpfs", path)
    # Volumes that the kubelet mounts must be seen in containers that run already.
    _run("mount", "--make-rshared", "/")


def _prepare_network(place: Place) -> None:
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{place.address}/24", "dev", "uplink")
    _run("ip", "link", "set", "uplink", "up")
    _run("ip", "route", "add", "default", "via", place.host_address)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    bridged = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if bridged.exists():
        bridged.write_text("1")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _start(layout: Layout, name: str, command: list[str]) -> int:
    with layout.log(name).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    return process.pid


def _is_ready(layout: Layout) -> bool:
    token = (layout / "admin.token").read_text()
    trusted = ssl.create_default_context(cafile=str(layout.certificate_authority))
    request = Request(f"{layout.place.api_server}/readyz")
    request.add_header("Authorization", f"Bearer {token}")
    try:
        with urlopen(request, context=trusted, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])))
