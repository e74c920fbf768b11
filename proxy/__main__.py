"""`python -m proxy`: settings in, exit code out."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NoReturn

from .app import process_hardening
from .app.settings import parse_all
from .errors import SettingsError

# What `requirements-proxy.txt` brings, by the names that are imported.
PACKAGES = frozenset(
    (
        "cryptography",
        "grpc",
        "httptools",
        "jsonschema_rs",
        "jwt",
        "msgspec",
        "prometheus_client",
        "uvloop",
    )
)


def main() -> int:
    """Run the proxy until a signal stops it; the exit code."""
    try:
        settings = parse_all(sys.argv[1:], os.environ, _program())
        process_hardening.erase(settings[0].secrets)
        import uvloop  # late, so that a bad setting is notified at once

        from . import logs
        from .app import server

        logs.configure()
        # Not uvloop.run, which would close the loop, and so wait for names that are being resolved.
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(server.run(settings))
    except SettingsError as problem:
        print(f"proxy: {problem}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in PACKAGES:
            raise
        print(
            f"proxy: {absent.name} is not installed for this Python ({sys.executable}):"
            " use .venv/bin/python, or pip install -r requirements-proxy.txt",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130  # before the drain took over the signal: nothing is started yet
    return 0


def _program() -> str:
    """The command that was called: the module, or the script that the wheel installs."""
    script = Path(sys.argv[0]).name
    return f"python -m {__package__}" if script == "__main__.py" else script


def run() -> NoReturn:
    """Exit at once with the exit code of `main`: nothing is left to wait for."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
