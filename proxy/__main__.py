"""`python -m proxy`: settings in, exit code out."""

import os
import sys

from . import protection
from .errors import SettingsError
from .settings import parse, secrets

# What `requirements-proxy.txt` brings, by the names that are imported.
PACKAGES = frozenset(
    (
        "cryptography",
        "grpc",
        "httptools",
        "jwt",
        "msgspec",
        "prometheus_client",
        "uvloop",
    )
)

if __name__ == "__main__":
    try:
        settings = parse(sys.argv[1:], os.environ)
        protection.erase(secrets(os.environ))
        import uvloop  # late, so that a bad setting is told at once

        from . import logs, server

        logs.configure()
        uvloop.run(server.run(settings))
    except SettingsError as problem:
        print(f"proxy: {problem}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in PACKAGES:
            raise
        print(
            f"proxy: {absent.name} is not installed for this Python ({sys.executable}):"
            " use .venv/bin/python, or pip install -r requirements-proxy.txt",
            file=sys.stderr,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)  # before the drain took over the signal: nothing is started yet
