"""Whether this machine can run a node.

`python -m tests.node.machine` says so where it cannot, and prints the option with which pytest
leaves the node's tests out; not in CI, where they then fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = (
    "containerd",
    "ctr",
    "containerd-shim-runc-v2",
    "runc",
    "iptables",
    "ip",
    "unshare",
    "setpriv",
)
CNI_FOLDER = Path("/usr/lib/cni")
_PACKAGES = "Debian: containerd runc containernetworking-plugins iptables iproute2"


def lacking() -> str | None:
    """What a node needs and this machine has not, in one line; None if it can run."""
    if os.geteuid() != 0:
        return "a Kubernetes node needs root"
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if not (CNI_FOLDER / "bridge").exists():
        missing.append(f"{CNI_FOLDER}/bridge")
    if missing:
        return f"a Kubernetes node needs {', '.join(missing)} ({_PACKAGES})"
    # Both need rights that root lacks in an ordinary container.
    command = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc")
    tried = subprocess.run(
        (*command, "iptables", "--table", "nat", "--list-rules"),
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"a Kubernetes node needs namespaces and netfilter: {reason}"
    return None


if __name__ == "__main__":
    lacks = lacking()
    if lacks:
        print(f"tests/node: {lacks}", file=sys.stderr)
        if not os.environ.get("CI"):
            print("--ignore=tests/node")
