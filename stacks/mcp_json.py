"""`python -m stacks.mcp_json FILE`: entries of `servers` from the configuration of an MCP client.

Reads what editors and agents use: `mcpServers` (Claude, Cursor, Windsurf and others), `servers`
(VS Code), `context_servers` (Zed), with comments and trailing commas. Prints YAML for the stack
file and the commands that set the secrets, whose values it never prints.
"""

import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from proxy.app.json_comments import plain_json
from stacks.config import PROJECT
from stacks.fields import NAME_LIMIT
from stacks.values import Values

_GROUPS = ("mcpServers", "servers", "context_servers")
_SECRET_NAME = re.compile(r"token|key|secret|passw|auth|credential|cookie", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>|\byour[-_ ]", re.IGNORECASE)
_VALUE_FLAGS = (
    *("-e", "--env", "-v", "--volume", "--mount", "-p", "--publish", "-u", "--user"),
    *("-w", "--workdir", "--name", "--network", "--entrypoint"),
)
"""Flags of `docker run` that take a value as the next word."""


class Unreadable(ValueError):
    """The file is not a client's configuration; one line."""


@dataclass(slots=True)
class Imported:
    """An entry of `servers`, the keys below it that need a secret, and remarks.

    `obstacle` is why no cluster could use the server, "" if one could.
    """

    entry: Values
    secrets: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    obstacle: str = ""


def imported(text: str) -> list[Imported]:
    """The servers of a client's configuration. Raises Unreadable."""
    try:
        found = json.loads(plain_json(text))
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg} in line {error.lineno}") from None
    groups = [found[name] for name in _GROUPS if isinstance(found, dict) and name in found]
    if not groups or not all(isinstance(each, dict) for each in groups[0].values()):
        raise Unreadable(f"no servers in it; expected a map named {', '.join(_GROUPS)}")
    return [_server(name, given) for name, given in groups[0].items()]


def _server(name: str, given: Mapping[str, Any]) -> Imported:
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAME_LIMIT].strip("-")
    label = label if label[:1].isalpha() else f"mcp-{label}".strip("-")
    if url := given.get("url") or given.get("serverUrl") or given.get("httpUrl"):
        return _remote(label, str(url), given)
    command = given.get("command")
    if isinstance(command, Mapping):  # Zed
        given = {**command, **given, "command": command.get("path")}
    words = [str(given.get("command", "")), *map(str, given.get("args", []))]
    result = _docker(label, words) if Path(words[0]).name in ("docker", "podman") else None
    result = result or _command(label, words)
    _take_environment(result, given.get("env") or {})
    return result


def _remote(name: str, url: str, given: Mapping[str, Any]) -> Imported:
    sse = given.get("type", given.get("transport")) == "sse" or url.rstrip("/").endswith("/sse")
    entry: Values = {"name": name, "runtime": "proxy", "url": url}
    if sse:
        entry["transport"] = "sse"
    result = Imported(entry)
    if host := _own_host(url):
        result.obstacle = f"its url names this machine ({host}), which no pod can reach"
    for header, value in (given.get("headers") or {}).items():
        if _SECRET_NAME.search(header) or _PLACEHOLDER.search(str(value)):
            result.secrets.append(f"headers.{header}")
        else:
            entry.setdefault("headers", {})[header] = str(value)
    return result


def _own_host(url: str) -> str:
    """The host of a URL if that is the machine itself, else ""."""
    host = ""
    try:
        host = urlsplit(url).hostname or ""
        address = ip_address(host)
    except ValueError:  # Not a URL, or a name.
        return host if host == "localhost" or host.endswith(".localhost") else ""
    return host if address.is_loopback or address.is_unspecified else ""


def _command(name: str, words: list[str]) -> Imported:
    entry: Values = {
        "name": name,
        "runtime": "proxy",
        "transport": "stdio",
        "image": f"example.org/{name}:1.0.0",
        "command": words,
    }
    result = Imported(entry)
    result.remarks.append(
        f"build this image FROM the proxy's image, with what the command needs: {shlex.join(words)}"
    )
    if any(each.startswith(("/", "~", "./", "C:\\")) for each in words[1:]):
        result.remarks.append("paths of your machine do not exist in the pod: see `volumes`")
    return result


def _docker(name: str, words: list[str]) -> Imported | None:
    """`docker run` of an image: ToolHive runs the same image."""
    if "run" not in words:
        return None
    rest = words[words.index("run") + 1 :]
    variables: dict[str, str] = {}
    while rest and rest[0].startswith("-"):
        flag, *rest = rest
        flag, equals, value = flag.partition("=")
        if not equals and flag in _VALUE_FLAGS and rest:
            value, *rest = rest
        if flag in ("-e", "--env") and "=" in value:
            variable, _, content = value.partition("=")
            variables[variable] = content
    if not rest:
        return None
    image, *arguments = rest
    entry: Values = {"name": name, "runtime": "toolhive", "transport": "stdio", "image": image}
    if arguments:
        entry["args"] = arguments
    result = Imported(entry)
    if ":" not in image.rpartition("/")[2]:
        entry["image"] = f"{image}:FIXED-TAG"
        result.remarks.append(f"{image} has no tag: give a fixed one")
    _take_environment(result, variables)
    return result


def _take_environment(result: Imported, variables: Mapping[str, Any]) -> None:
    for name, value in variables.items():
        if _SECRET_NAME.search(name) or _PLACEHOLDER.search(str(value)):
            result.secrets.append(f"secrets.{name}")
        else:
            result.entry.setdefault("env", {})[name] = str(value)


def rendered(servers: Sequence[Imported]) -> str:
    """The entries as YAML for the stack file, and below them the commands for the secrets."""
    lines = [f"{PROJECT}:servers:"]
    for each in servers:
        lines += [f"  # {remark}" for remark in each.remarks]
        text = yaml.safe_dump([each.entry], sort_keys=False, allow_unicode=True, width=1000)
        lines += [f"  {line}" for line in text.splitlines()]
    secrets = [
        f"pulumi config set --secret --path '{PROJECT}:servers[{index}].{path}'"
        for index, each in enumerate(servers)
        for path in each.secrets
    ]
    if secrets:
        lines += ["", "# Secrets, each asked for without showing it:", *map("# {}".format, secrets)]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print the entries of the servers that a cluster can use; 2 after a mistake."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    path = arguments[0]
    if not path:
        print("servers (make: FROM=): no file is given: a client's mcp.json", file=sys.stderr)
        return 2
    try:
        text = Path(path).read_text(encoding="utf-8")
        servers = imported(text)
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"servers (make: FROM=): {path}: {reason}", file=sys.stderr)
        return 2
    usable = [each for each in servers if not each.obstacle]
    for each in servers:
        if each.obstacle:
            left_out = f"{each.entry['name']} is left out: {each.obstacle}"
            print(f"servers (make: FROM=): {path}: {left_out}", file=sys.stderr)
    if servers and not usable:
        return 2
    sys.stdout.write(rendered(usable))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
