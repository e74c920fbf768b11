"""`make forward`: every address of the stack on this machine, opened again whenever it is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import pytest

from lab.local.ports import free_ports
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns, add_program
from tests.stacks.engine import ROOT
from tests.waiting import until

NAMES = ("grafana", "prometheus", "jaeger", "echo", "fetch")

# Grafana's first pod goes away, and kubectl runs on; Prometheus' Service is not there at first.
KUBECTL = """
echo $$ >> $state/pids
ports="${@: -1}"
line="Forwarding from 127.0.0.1:${ports%%:*} -> ${ports##*:}"
case "$*" in
  *grafana*) if mkdir $state/lost 2> /dev/null; then
      echo "$line"; echo "error: lost connection to pod" >&2; exec sleep 600
    fi ;;
  *prometheus*) if mkdir $state/none 2> /dev/null; then
      echo "Error: services \\"p\\" not found" >&2; exit 1
    fi ;;
esac
echo "$line"
echo "Forwarding from [::1]:${ports%%:*} -> ${ports##*:}"
exec sleep 600
"""


@dataclass
class Forwarding:
    """The command as a process of its own, and what it prints."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_for(self, *lines: str) -> None:
        until(lambda: set(lines) <= set(self.lines), seconds=180, what=", ".join(lines))

    def starting(self, words: str) -> list[str]:
        return [each for each in tuple(self.lines) if each.startswith(words)]

    def read(self) -> None:
        assert self.process.stdout
        self.lines.extend(map(str.strip, self.process.stdout))


@contextmanager
def forwarding(stand_ins: StandIns) -> Iterator[Forwarding]:
    program = (
        "import os, sys; from pathlib import Path; from stacks.commands import forward;"
        f"sys.exit(forward.main([{STACK!r}], os.environ, Path({str(stand_ins.root)!r})))"
    )
    with subprocess.Popen(
        (sys.executable, "-c", program),
        cwd=ROOT,
        env={**stand_ins.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        found = Forwarding(process)
        reader = Thread(target=found.read)
        reader.start()
        try:
            yield found
        finally:
            process.terminate()
            reader.join()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def served_on_free_ports(stand_ins: StandIns, names: Sequence[str]) -> dict[str, str]:
    """Ports by name, which the outputs of the stack name from now on."""
    outputs = json.loads((stand_ins.folder / "outputs.json").read_text())
    ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
    for name, group in ((each, outputs["portForward"]) for each in names[:3]):
        group[name] = f"{group[name].rsplit(' ', 1)[0]} {ports[name]}:80"
    for name in names[3:]:
        server = outputs["servers"][name]
        server["portForward"] = f"{server['portForward'].rsplit(' ', 1)[0]} {ports[name]}:8080"
    stand_ins.write("outputs.json", json.dumps(outputs))
    return ports


def children(stand_ins: StandIns) -> list[int]:
    return [*map(int, (stand_ins.folder / "pids").read_text().split())]


def test_all_are_open_at_once_and_opened_again_when_lost(stand_ins: StandIns) -> None:
    ports = served_on_free_ports(stand_ins, NAMES)
    add_program(stand_ins.folder, "kubectl", KUBECTL)

    with socket.create_server(("127.0.0.1", int(ports["jaeger"]))), forwarding(stand_ins) as found:
        grafana = f"grafana: http://127.0.0.1:{ports['grafana']}"
        found.wait_for(
            grafana,
            "grafana: error: lost connection to pod; trying again in 1 s",
            f"prometheus: http://127.0.0.1:{ports['prometheus']}",
            'prometheus: Error: services "p" not found; trying again in 2 s',
            f"echo: http://127.0.0.1:{ports['echo']}/mcp",
            f"fetch: http://127.0.0.1:{ports['fetch']}/mcp",
        )
        until(lambda: found.lines.count(grafana) == 2, seconds=180)
        [jaeger] = until(lambda: found.starting("jaeger: "), seconds=180)
        assert ports["jaeger"] not in jaeger
        assert any("get secret grafana-admin" in each for each in found.lines)
        found.process.send_signal(signal.SIGINT)
        assert found.process.wait() == 0
        assert not [each for each in children(stand_ins) if runs(each)]
    first = [each for each in stand_ins.calls() if each.startswith("kubectl")][0]
    assert first.startswith("kubectl --context kind-mcp-observability --namespace monitoring port-")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PR_SET_PDEATHSIG")
def test_no_kubectl_is_left_when_the_command_is_killed(stand_ins: StandIns) -> None:
    ports = served_on_free_ports(stand_ins, NAMES)
    add_program(stand_ins.folder, "kubectl", KUBECTL)
    with forwarding(stand_ins) as found:
        found.wait_for(f"echo: http://127.0.0.1:{ports['echo']}/mcp")
        found.process.kill()
        found.process.wait()
        until(
            lambda: not [each for each in children(stand_ins) if runs(each)],
            seconds=60,
            what="every kubectl ends",
        )
