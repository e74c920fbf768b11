"""The servers of a user's `mcp.json`, each run behind a proxy of the pipeline."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import UsageError
from proxy.app import config_file
from proxy.errors import SettingsError


@dataclass(frozen=True, slots=True)
class UserServers:
    """The names of the servers in the file at `path`."""

    path: str
    names: tuple[str, ...]

    def process_name(self, name: str) -> str:
        """The name of a server's proxy, as part of a file name."""
        plain = re.sub(r"[^\w.-]+", "-", name)
        return f"proxy-{self.names.index(name) + 1}-{plain}"


NO_SERVERS = UserServers("", ())


def user_servers(
    option: str, path: str, environment: Mapping[str, str], reserved: Collection[str]
) -> UserServers:
    """The servers that are enabled in a client's configuration, `mcp.json`.

    Raises UsageError for a file that the proxy's `--config` does not accept, and for names that
    are reserved or cannot be selected one by one.
    """
    try:
        found = config_file.read(option, path, environment)
    except SettingsError as wrong:
        raise UsageError(str(wrong)) from wrong
    names = tuple(each.name for each in found.entries)
    for name in names:
        if name in reserved:
            raise UsageError(f"{option} {path}: {name!r} is a server of the demo; rename it")
        if "," in name or name != name.strip():
            raise UsageError(f"{option} {path}: {name!r}: a name with a comma or a space at an end")
    return UserServers(str(Path(path).resolve()), names)
