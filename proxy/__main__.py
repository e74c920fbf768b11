"""`python -m proxy`: settings in, exit code out."""

import os
import sys

import uvloop

from proxy import logs
from proxy.errors import SettingsError
from proxy.server import Server
from proxy.settings import parse


async def _run() -> None:
    await Server(parse(sys.argv[1:], os.environ)).run()


if __name__ == "__main__":
    logs.configure()
    try:
        uvloop.run(_run())
    except* SettingsError as problem:
        print(f"proxy: {problem.exceptions[0]}", file=sys.stderr)
        sys.exit(2)
