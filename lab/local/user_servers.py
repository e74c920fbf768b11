"""The servers of a user's `mcp.json`, each run behind a proxy of the pipeline."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import UsageError
from proxy.app import config_file
from proxy.app.option_values import HttpTransport
from proxy.app.server_settings import listed_server
from proxy.errors import SettingsError
from stacks.servers import Transport


@dataclass(frozen=True, slots=True)
class UserServers:
    """The servers in the file at `path`: the transport of each, by its name."""

    path: str
    transports: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.transports)

    def process_name(self, name: str) -> str:
        """The name of a server's proxy, as part of a file name."""
        plain = re.sub(r"[^\w.-]+", "-", name)
        return f"proxy-{self.names.index(name) + 1}-{plain}"


NO_SERVERS = UserServers("", {})


def user_servers(
    option: str, path: str, environment: Mapping[str, str], reserved: Collection[str]
) -> UserServers:
    """The servers that are enabled in a client's configuration, `mcp.json`.

    Raises UsageError for a file that the proxy's `--config` does not accept, and for names that
    are reserved or cannot be selected one by one.
    """
    try:
        found = config_file.read(option, path, environment)
        for each in found.entries:
            listed_server(f"{option} {path}", each, environment)
    except SettingsError as wrong:
        raise UsageError(str(wrong)) from wrong
    transports = {each.name: _transport(each) for each in found.entries}
    for name in transports:
        if name in reserved:
            raise UsageError(f"{option} {path}: {name!r} is a server of the demo; rename it")
        if {",", "`"} & set(name) or name != name.strip():
            refused = "a name with a comma, a backtick or a space at an end; rename it"
            raise UsageError(f"{option} {path}: {name!r}: {refused}")
    return UserServers(str(Path(path).resolve()), transports)


def _transport(entry: config_file.Entry) -> str:
    if not entry.url:
        return Transport.STDIO.value
    return (entry.transport or HttpTransport.STREAMABLE_HTTP).value
