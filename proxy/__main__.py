"""`python -m proxy`: settings in, exit code out."""

import os
import sys

from proxy.errors import SettingsError
from proxy.settings import parse


def _run() -> None:
    settings = parse(sys.argv[1:], os.environ)
    import uvloop  # late, so that a bad setting is told at once

    from proxy import logs, server

    logs.configure()
    uvloop.run(server.run(settings))


if __name__ == "__main__":
    try:
        _run()
    except SettingsError as problem:
        print(f"proxy: {problem}", file=sys.stderr)
        sys.exit(2)
