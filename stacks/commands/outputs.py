"""The outputs of a deployed stack, and the text that `make up` ends with."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stacks.commands.programs import Failed, Programs

Outputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Forward:
    """A Service, the local port that its port-forward command names, and the path to open."""

    name: str
    command: tuple[str, ...]
    """kubectl's words before the last one, which is `<local port>:<port>`."""
    local_port: int
    port: int
    path: str = ""


def read(programs: Programs, stack: str) -> Outputs:
    """The outputs of a stack. Raises Failed if it was not deployed."""
    answer = programs.answer("pulumi", "stack", "output", "--json", "--stack", stack)
    found: Outputs = json.loads(answer) if answer else {}
    if "portForward" not in found:
        raise Failed(f"stack {stack} has no outputs: deploy it by make up STACK={stack}")
    return found


def service_hosts(outputs: Outputs) -> list[str]:
    """The Services of the servers in the cluster."""
    return [urlsplit(each["url"]).hostname or "" for each in outputs["servers"].values()]


def forwards(outputs: Outputs) -> Iterator[Forward]:
    """All port-forwards: of the stack's parts, then of the servers."""
    context = outputs.get("context")
    for name, command in outputs["portForward"].items():
        yield _forward(name, command, context)
    for name, server in outputs["servers"].items():
        yield _forward(name, server["portForward"], context, urlsplit(server["url"]).path)


def _forward(name: str, command: str, context: str | None, path: str = "") -> Forward:
    kubectl, *words, ports = shlex.split(command)
    chosen = ["--context", context] if context and context != "in-cluster" else []
    local, _, port = ports.partition(":")
    return Forward(name, (kubectl, *chosen, *words), int(local), int(port), path)


def summary(stack: str, outputs: Outputs) -> str:
    """Where everything is, how to reach it, and how to read Grafana's password."""
    servers = outputs["servers"]
    inside = {**outputs["addresses"], **{name: each["url"] for name, each in servers.items()}}
    outside = {name: each["externalUrl"] for name, each in servers.items() if "externalUrl" in each}
    commands = {
        **outputs["portForward"],
        **{name: each["portForward"] for name, each in servers.items()},
    }
    lines = [
        *_table("In the cluster:", inside),
        *_table("From outside:", outside),
        *_table("To reach one from this machine:", commands),
        f"All of them at once: make forward STACK={stack}",
    ]
    if password := outputs.get("grafanaPassword"):
        lines.append(f"Grafana's user is admin, its password: {password}")
    lines.append(f"Entries for clients: pulumi stack output servers --stack {stack}")
    return "\n".join(lines)


def _table(title: str, rows: Mapping[str, str]) -> list[str]:
    width = max(map(len, rows), default=0)
    return [title, *(f"  {name:<{width}}  {text}" for name, text in rows.items())] if rows else []
