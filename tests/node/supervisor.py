"""`python -m tests.node.supervisor TOOLS`: run a node until standard input closes.

The holder of the other end of the pipe owns the node: closing it, exiting and being killed all
close it. It says `started FOLDER INDEX`, and leaves nothing: processes,
mounts and network end with the node's namespaces, cgroups and the folder are removed. What a
supervisor left that was killed itself is removed by the next one that takes its place.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.binaries.find import cache_folder
from tests.node import certificates, settings
from tests.node.settings import PLACES, USERS, Layout, Place
from tests.waiting import NeverHappened, until

START_SECONDS = 120.0
END_SECONDS = 30.0
CGROUPS = Path("/sys/fs/cgroup")
_SHARES = {"cpu.shares": "16384", "cpu.weight": "1600"}
"""Of processor time, by versions of cgroups: 16 times what a group has, for there are many pods."""
_DYING_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL", "unshare", "--kill-child")


def main(tools: str) -> int:
    with _taken_layout() as layout:
        _write_files(layout)
        node = _started(layout, tools)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: node.kill())
        threading.Thread(target=_kill_at_eof, args=(node,), daemon=True).start()
        print(f"started {layout.folder} {layout.place.index}", flush=True)
        return node.wait()


@contextmanager
def _taken_layout() -> Iterator[Layout]:
    """A place that no live supervisor has, and its folder: empty before, gone after."""
    root = cache_folder(os.environ).parent / "nodes"
    root.mkdir(parents=True, exist_ok=True)
    with _free_place(root) as place:
        layout = Layout(place, root / place.name)
        _clean(layout)
        layout.folder.mkdir()
        try:
            yield layout
        finally:
            _clean(layout)


@contextmanager
def _free_place(root: Path) -> Iterator[Place]:
    for index in range(PLACES):
        place = Place(index)
        lock = os.open(root / f"{place.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            yield place
        finally:
            os.close(lock)
        return
    raise SystemExit(f"all {PLACES} places for nodes are taken")


def _write_files(layout: Layout) -> None:
    for name in ("logs", "run", "cni", "kubelet"):
        (layout / name).mkdir()
    service = "kubernetes.default.svc"
    names = [service.rsplit(".", cut)[0] for cut in range(3)]
    place = layout.place
    certificates.write(layout.folder, [*names, place.address, place.first_service])
    tokens = {user: secrets.token_hex(16) for user in USERS}
    rows = (f'{tokens[user]},{name},{name},"{group}"' for user, (name, group) in USERS.items())
    _private(layout / "tokens.csv", "".join(f"{row}\n" for row in rows))
    _private(layout / "admin.token", tokens["admin"])
    for user, token in tokens.items():
        _private(layout.kubeconfig(user), json.dumps(settings.kubeconfig(layout, token)))
    for name, content in settings.files(layout).items():
        (layout / name).write_text(json.dumps(content))
    (layout / "containerd.toml").write_text(settings.containerd(layout))
    (layout / "resolv.conf").write_text("")


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _started(layout: Layout, tools: str) -> subprocess.Popen[str]:
    """The node's first process, with a network that this machine reaches."""
    for folder in _cgroups(layout.place):
        folder.mkdir(exist_ok=True)
        for name, share in _SHARES.items():
            if (folder / name).exists():
                (folder / name).write_text(share)
    namespaces = ("--mount", "--mount-proc", "--net", "--uts", "--ipc", "--pid", "--fork")
    inside = (sys.executable, "-m", "tests.node.inside", str(layout.folder))
    node = subprocess.Popen(
        (*_DYING_WITH_ITS_PARENT, *namespaces, *inside, str(layout.place.index), tools),
        stdin=subprocess.PIPE,
        stdout=sys.stderr,
        text=True,
        start_new_session=True,
    )
    try:
        _connect(layout.place, until(lambda: _child(node.pid), seconds=START_SECONDS))
        assert node.stdin is not None
        node.stdin.write("connected\n")
        node.stdin.flush()
    except BaseException:
        node.kill()
        raise
    return node


def _connect(place: Place, process: int) -> None:
    """Devices and routes of this side go with those of the other, which go with the node."""
    link = place.name
    for command in (
        f"link add {link} type veth peer name uplink netns {process}",
        f"address add {place.host_address}/24 dev {link}",
        f"link set {link} up",
        f"route add {place.services} via {place.address}",
        f"route add {place.pods} via {place.address}",
    ):
        subprocess.run(("ip", *command.split()), check=True)


def _child(parent: int) -> int | None:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(children[0]) if children else None


def _kill_at_eof(node: subprocess.Popen[str]) -> None:
    sys.stdin.read()
    node.kill()


def _cgroups(place: Place) -> list[Path]:
    """The node's own group: one in each hierarchy of version 1, one in all of version 2."""
    unified = (CGROUPS / "cgroup.controllers").exists()
    roots = [CGROUPS] if unified else [each for each in CGROUPS.iterdir() if each.is_dir()]
    return [root / place.name for root in roots]


def remains(layout: Layout) -> list[Path]:
    """What there is of a node beside its processes: its folder, its cgroups, its network device."""
    link = Path("/sys/class/net", layout.place.name)
    return [each for each in (link, layout.folder, *_cgroups(layout.place)) if each.exists()]


def _clean(layout: Layout) -> None:
    """Remove what remains; some of it stays until the last process is dead."""

    def gone() -> bool:
        command = ("ip", "link", "delete", layout.place.name)
        subprocess.run(command, capture_output=True, check=False)
        shutil.rmtree(layout.folder, ignore_errors=True)
        for group in _cgroups(layout.place):
            for folder, _, _ in os.walk(group, topdown=False):
                with suppress(OSError):
                    os.rmdir(folder)
        return not remains(layout)

    try:
        until(gone, seconds=END_SECONDS)
    except NeverHappened:
        raise SystemExit(f"cannot be removed: {', '.join(map(str, remains(layout)))}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
