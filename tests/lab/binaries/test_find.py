"""Finding and building tools, with real processes; only the `go` command is a scripted edge."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.binaries.catalogue import TOOLS
from lab.binaries.find import ToolMissing, cache_folder, ensure, find
from lab.binaries.tool import Tool, version_in

ROOT = Path(__file__).resolve().parents[3]
ETCD = TOOLS["etcd"]
PATIENCE_SECONDS = 30

GO = """#!/bin/sh
[ "$1" = env ] && echo go1.26.8 && exit 0
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"
echo build >> {room}/builds
{act}
echo 'echo etcd Version: 3.6.6' >> "$2"
/bin/chmod +x "$2"
"""
BLOCK = "exec 3> {room}/started; echo >&3; read line < {room}/gate"
COMPILE = "exec 3> {room}/started; echo >&3; /bin/sh -c 'read line < {room}/gate'; :"
FAIL = "echo 'go: no such module'; exit 1"


class Machine:
    """A machine with a private PATH, an empty cache and what a test puts there."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.bin = room / "bin"
        self.bin.mkdir()
        self.environ = {"PATH": str(self.bin), "XDG_CACHE_HOME": str(room / "cache")}
        self.cache = cache_folder(self.environ)
        self.said: list[str] = []
        os.mkfifo(room / "gate")
        os.mkfifo(room / "started")
        self.started = os.open(room / "started", os.O_RDONLY | os.O_NONBLOCK)

    def put(self, command: str, says: str, *, folder: Path | None = None) -> Path:
        return self.script((folder or self.bin) / command, f"#!/bin/sh\necho '{says}'\n")

    def put_go(self, act: str = ":") -> None:
        self.script(self.bin / "go", GO.format(room=self.room, act=act.format(room=self.room)))

    def script(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def find(self, name: str) -> Path | None:
        return find(name, self.environ, progress=self.said.append)

    def ensure(self, *names: str) -> dict[str, Path]:
        return ensure(names, environ=self.environ, progress=self.said.append)

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "lab.tools", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background would hand its ignored SIGINT down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def await_build(self) -> None:
        """Return when the scripted go has written half a binary and blocks."""
        assert self._read_started() == b"\n"

    def await_end_of_go(self) -> None:
        """Return when the scripted go, which holds its end of the pipe, is gone."""
        assert self._read_started() == b""

    def open_gate(self) -> None:
        (self.room / "gate").write_text("go on\n")

    def builds(self) -> int:
        return len((self.room / "builds").read_text().splitlines())

    def leftovers(self) -> list[str]:
        """List what is in the cache beside locks and logs."""
        paths = self.cache.rglob("*")
        return [path.name for path in paths if path.suffix not in {".lock", ".log"}]

    def _read_started(self) -> bytes:
        ready, _, _ = select.select([self.started], [], [], PATIENCE_SECONDS)
        assert ready, "the scripted go did not answer in time"
        return os.read(self.started, 10)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    os.close(machine.started)


def test_a_binary_on_path_wins_over_the_cache(machine: Machine) -> None:
    machine.put_go()
    cached = machine.ensure("etcd")["etcd"]
    assert machine.find("etcd") == cached
    on_path = machine.put("etcd", "etcd Version: 3.5.0")
    assert machine.find("etcd") == on_path
    assert machine.ensure("etcd") == {"etcd": on_path}


def test_the_folder_of_kubebuilder_assets_wins_over_path(machine: Machine) -> None:
    machine.put("kube-apiserver", "Kubernetes v1.30.0")
    assets = machine.room / "assets"
    machine.environ["KUBEBUILDER_ASSETS"] = str(assets)
    theirs = machine.put("kube-apiserver", "Kubernetes v1.34.0", folder=assets)
    assert machine.find("kube-apiserver") == theirs


def test_the_first_command_name_wins_wherever_it_is_on_path(machine: Machine) -> None:
    says = "name: transform name: health_check"
    contrib = machine.put("otelcol-contrib", says, folder=machine.room / "later")
    machine.put("otelcol", says)
    machine.environ["PATH"] += f"{os.pathsep}{contrib.parent}"
    assert machine.find("collector") == contrib


def test_an_old_pulumi_on_path_is_passed_over_with_a_note(machine: Machine) -> None:
    old = machine.put("pulumi", "v3.150.0")
    assert machine.find("pulumi") is None
    assert machine.said == [f"passing over {old}: it is 3.150.0, older than 3.200"]


def test_a_newer_binary_later_on_path_is_found_behind_an_old_one(machine: Machine) -> None:
    machine.put("prometheus", "prometheus, version 2.42.0+ds (branch: debian/sid)")
    new = machine.put("prometheus", "prometheus, version 3.5.0", folder=machine.room / "later")
    machine.environ["PATH"] += f"{os.pathsep}{new.parent}"
    assert machine.find("prometheus") == new


def test_a_collector_without_the_components_of_the_pipeline_is_passed_over(
    machine: Machine,
) -> None:
    core = machine.put("otelcol", "version: 0.155.0 name: health_check")
    assert machine.find("collector") is None
    assert machine.said == [f"passing over {core}: it lacks transform"]


def test_a_binary_that_does_not_run_is_passed_over(machine: Machine) -> None:
    broken = machine.script(machine.bin / "helm", "#!/bin/sh\nexit 1\n")
    assert machine.find("helm") is None
    assert machine.said == [f"passing over {broken}: it does not answer version --short"]


def test_a_missing_tool_is_built_once_and_then_found(machine: Machine) -> None:
    machine.put_go()
    built = machine.ensure("etcd")["etcd"]
    assert subprocess.check_output([built], text=True) == "etcd Version: 3.6.6\n"
    assert machine.ensure("etcd") == {"etcd": built}
    assert machine.builds() == 1
    assert machine.said == ["building etcd (about 60 s the first time)", "built etcd in 0 s"]


def test_without_go_the_one_line_names_the_tool_and_what_to_install(machine: Machine) -> None:
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("etcd")
    assert str(missing.value) == (
        "etcd: not on KUBEBUILDER_ASSETS or PATH or in the cache, and there is no Go 1.24.0 or"
        " newer to build it: install Go, or this binary: etcd, on PATH or in the folder"
        " KUBEBUILDER_ASSETS"
    )


def test_without_go_the_one_line_names_every_tool_that_is_missing(machine: Machine) -> None:
    machine.put("helm", "v3.19.0")
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("collector", "helm", "prometheus", "jaeger")
    assert str(missing.value) == (
        "collector, prometheus, jaeger: not on PATH or in the cache, and there is no Go 1.25.0 or"
        " newer to build them: install Go (builds all), or these binaries: otelcol-contrib (the"
        " contrib distribution of the OpenTelemetry Collector), Prometheus 2.47 or newer,"
        " Jaeger 1.35 or newer (the all-in-one binary)"
    )


def test_without_go_a_listing_says_what_needs_it(machine: Machine) -> None:
    with machine.run("--list", "etcd", "collector") as run:
        printed, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert [line.partition("-")[2].strip() for line in printed.splitlines()[1:]] == [
        f"needs Go {version} or newer to be built, and that is not on PATH"
        for version in ("1.24.0", "1.25.0")
    ]


def test_what_the_command_line_does_not_know_is_one_line(machine: Machine) -> None:
    with machine.run("--lis") as run:
        printed, errors = run.communicate(timeout=PATIENCE_SECONDS)
    assert (run.returncode, printed) == (2, "")
    assert errors == (
        "python -m lab.tools: unrecognized arguments: --lis; see python -m lab.tools --help\n"
    )


def test_a_go_too_old_for_the_module_is_refused_before_it_builds(machine: Machine) -> None:
    machine.put("go", "go1.19.8")
    with pytest.raises(ToolMissing, match=r"no Go 1\.24\.0 or newer \(that on PATH is 1\.19\.8\)"):
        machine.ensure("etcd")


def test_a_failed_build_is_one_line_with_its_log_and_leaves_no_binary(machine: Machine) -> None:
    machine.put_go(FAIL)
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("etcd")
    line = str(missing.value)
    log = machine.cache / "etcd.log"
    assert f"go build ended with 1: go: no such module (all of it: {log})" in line
    assert "\n" not in line
    assert log.read_text() == "go: no such module\n"
    assert machine.leftovers() == []


def test_a_cache_that_cannot_be_written_is_one_line(machine: Machine) -> None:
    machine.put_go()
    (machine.room / "cache").write_text("a file where the folder should be")
    with pytest.raises(ToolMissing, match="the cache cannot be written"):
        machine.ensure("etcd")


def test_a_killed_build_leaves_nothing_half_there_and_the_next_run_succeeds(
    machine: Machine,
) -> None:
    machine.put_go(BLOCK)
    with machine.run("etcd") as killed:
        machine.await_build()
        killed.kill()
    machine.await_end_of_go()
    assert machine.find("etcd") is None
    machine.put_go()
    built = machine.ensure("etcd")["etcd"]
    assert machine.leftovers() == [built.parent.name, built.name]


def test_an_interrupt_ends_go_and_its_compilers_too_and_cleans_up(machine: Machine) -> None:
    machine.put_go(COMPILE)
    with machine.run("etcd") as interrupted:
        machine.await_build()
        interrupted.send_signal(signal.SIGINT)
        _, errors = interrupted.communicate(timeout=PATIENCE_SECONDS)
    machine.await_end_of_go()
    assert interrupted.returncode == 130
    assert "Traceback" not in errors
    assert machine.leftovers() == []


def test_two_runs_at_once_build_once_and_the_second_says_that_it_waits(machine: Machine) -> None:
    machine.put_go(BLOCK)
    with machine.run("etcd") as first:
        machine.await_build()
        with machine.run("etcd") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "waiting for another run that is building etcd\n"
            machine.open_gate()
            tables = [run.communicate(timeout=PATIENCE_SECONDS)[0] for run in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert [str(ETCD.binary(machine.cache)) in table for table in tables] == [True, True]
    assert machine.builds() == 1


def test_a_tool_whose_name_begins_like_another_is_built_beside_it(machine: Machine) -> None:
    machine.put_go(BLOCK)
    with machine.run("prometheus-operator") as first:
        machine.await_build()
        machine.put_go()
        machine.ensure("prometheus")
        machine.open_gate()
        _, errors = first.communicate(timeout=PATIENCE_SECONDS)
    assert first.returncode == 0, errors


def test_an_unknown_name_is_refused_with_the_names_that_are_known(machine: Machine) -> None:
    with machine.run("etcd", "grafana") as run:
        printed, errors = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 2
    assert printed == ""
    assert errors == (f"python -m lab.tools: unknown tool 'grafana'; known: {', '.join(TOOLS)}\n")


def test_a_listing_builds_nothing(machine: Machine) -> None:
    machine.put_go(FAIL)
    machine.put("etcd", "etcd Version: 3.6.6")
    with machine.run("--list", "etcd", "helm") as run:
        printed, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert [line.split()[:3] for line in printed.splitlines()] == [
        ["tool", "where", "version"],
        ["etcd", "PATH", "3.6.6"],
        ["helm", "missing", "-"],
    ]


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("prometheus, version 3.10.0 (branch: , revision: unknown)", (3, 10, 0)),
        ("prometheus, version  (branch: )\n  go version:       go1.26.8", ()),
        ("buildinfo:\n    command: otelcol\n    version: 0.155.0\n", (0, 155, 0)),
        ('{"gitCommit":"","gitVersion":"v1.62.0","buildDate":""}', (1, 62, 0)),
        ("etcd Version: 3.6.6\nGit SHA: Not provided\nGo Version: go1.26.8", (3, 6, 6)),
        ("v3.19.0+g3d8990f", (3, 19, 0)),
        ("3.200.0", (3, 200, 0)),
        ("Kubernetes v1.34.2", (1, 34, 2)),
        ("go1.26.8", (1, 26, 8)),
    ],
)
def test_the_version_is_read_from_what_each_program_says(
    answer: str, version: tuple[int, ...]
) -> None:
    assert version_in(answer) == version


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_the_version_stamped_into_a_binary_is_the_one_its_module_pins(tool: Tool) -> None:
    # Prometheus numbers its Go module 0.310.0 where it calls itself 3.10.0.
    pinned = (tool.folder / "go.mod").read_text()
    for stamped in re.findall(r"=v?(\d+\.\d+\.\d+)", tool.ldflags):
        assert {"3.10.0": "v0.310.0"}.get(stamped, f"v{stamped}") in pinned
