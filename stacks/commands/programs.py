"""Other programs, and the ways in which running them ends a command of ours."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class UsageError(Exception):
    """The caller's mistake; one line that says what to do. Exit code 2."""


class Failed(Exception):
    """What was tried did not succeed; one line. Exit code 1."""


INSTALL = {
    "pulumi": "install the Pulumi CLI 3.200 or newer",
    "kubectl": "install it from kubernetes.io/docs/tasks/tools",
    "kind": "install it, or choose a cluster by KUBECONFIG or `kubernetes:context`",
    "docker": "install it, or choose a cluster by KUBECONFIG or `kubernetes:context`",
}


class Programs:
    """Runs programs in one folder with one set of variables."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)

    def require(self, *names: str) -> None:
        """Raise UsageError for the first program that is not on PATH."""
        for name in names:
            if shutil.which(name, path=self.environ.get("PATH", "")) is None:
                raise UsageError(f"{name} is not on PATH: {INSTALL[name]}")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Show and start a command that writes to our own output."""
        _show(command)
        return subprocess.Popen(command, cwd=self.folder, env=self.environ)

    def run(self, *command: str, given: str | None = None) -> None:
        """Show and run a command. Raises Failed."""
        _show(command)
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, input=given, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{shlex.join(command[:3])} failed with exit code {done.returncode}")

    def answer(self, *command: str) -> str | None:
        """What a command prints, without line end; None if it fails."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return None if done.returncode else done.stdout.strip()


def _show(command: Sequence[str]) -> None:
    print(f"+ {shlex.join(command)}", flush=True)


def exit_code(name: str, command: Callable[[], int]) -> int:
    """Run a command of ours; what ends it is one line."""
    try:
        return command()
    except UsageError as mistake:
        print(f"{name}: {mistake}", file=sys.stderr)
        return 2
    except Failed as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
