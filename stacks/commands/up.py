"""`python -m stacks.commands.up STACK [--kind] [--yes]`: deploy a stack and wait until it works.

Without a cluster, or with --kind, creates one by kind. --yes asks no question. Exit code 1 if
something failed or is not ready after ten minutes, 2 for a mistake of the caller.
"""

import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from stacks.commands import outputs, stack_file
from stacks.commands.kind import Kind
from stacks.commands.local_files import KUBECONFIG, LocalFiles, root_of_checkout
from stacks.commands.passphrase import ask_passphrase
from stacks.commands.pods import WaitReport
from stacks.commands.programs import Failed, Programs, UsageError, exit_code
from stacks.commands.stack_file import StackFile
from stacks.config import PASSWORD
from stacks.fields import ConfigError
from stacks.kubeconfig import Cluster, chosen_cluster

READY_SECONDS = 600
_POLL_SECONDS = 1.0
_FLAGS = ("--kind", "--yes")


def main(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    root: Path,
    ready_seconds: float = READY_SECONDS,
) -> int:
    """Deploy a stack; the exit code."""
    names = [each for each in arguments if not each.startswith("-")]
    unknown = [each for each in arguments if each.startswith("-") and each not in _FLAGS]
    if len(names) != 1 or unknown:
        print(__doc__)
        return 2
    flags = {each: each in arguments for each in _FLAGS}
    up = _Up(root, environ, stack_file.read(root, names[0]), ready_seconds)
    return up.run(kind=flags["--kind"], yes=flags["--yes"])


class _Up:
    """One deployment."""

    def __init__(
        self, root: Path, environ: Mapping[str, str], file: StackFile, ready_seconds: float
    ) -> None:
        self._ready_seconds = ready_seconds
        self._local = LocalFiles(root)
        self._file = file
        self._programs = Programs(root, environ)
        self._update_variables()

    def run(self, *, kind: bool, yes: bool) -> int:
        """Prepare, deploy, wait and say where everything is."""
        self._programs.require("pulumi")
        if kind:
            self._programs.environ.pop(KUBECONFIG, None)
        cluster = None if kind else self._cluster()
        own = cluster is None or self._is_own(cluster)
        if own:
            self._prepare_own()
            cluster = self._cluster()
        if cluster is None:
            raise Failed("kind left no kubeconfig")
        self._prepare_pulumi(own)
        print(f"deploying to {cluster}", flush=True)
        if not own and not yes:
            self._confirm(cluster)
        return self._deploy(cluster)

    def _cluster(self) -> Cluster | None:
        """The cluster that the program deploys to."""
        file, environ = self._file, self._programs.environ
        try:
            return chosen_cluster(file.kubeconfig, file.context, environ)
        except ConfigError as error:
            raise UsageError(str(error)) from None

    def _is_own(self, cluster: Cluster) -> bool:
        return cluster.source == str(self._local.kubeconfig)

    def _prepare_own(self) -> None:
        if self._file.names_cluster:
            key = "kubernetes:context" if self._file.context else "kubernetes:kubeconfig"
            raise UsageError(f"{key} names a cluster: remove it from the stack file to use kind")
        self._programs.require("docker", "kind")
        self._local.create()
        kind = Kind(self._programs)
        if not kind.exists:
            self._local.remove_state()
            kind.create(self._local.kubeconfig)
        elif not self._local.kubeconfig.exists():
            kind.export(self._local.kubeconfig)
        self._update_variables()
        kind.load_images(self._file)

    def _update_variables(self) -> None:
        environ = self._programs.environ
        environ.update(self._local.variables(environ, self._file))

    def _prepare_pulumi(self, own: bool) -> None:
        """Log in, create the stack and set the password, where that is still to do."""
        pulumi, stack = self._programs, ("--stack", self._file.stack)
        if pulumi.answer("pulumi", "whoami", "--non-interactive") is None:
            if not own:
                raise UsageError(
                    "pulumi is not logged in: pulumi login --local keeps the state in your home"
                )
            self._local.create_state()
            if not self._file.has_passphrase:
                self._local.create_passphrase()
        self._update_variables()
        ask_passphrase(pulumi, self._file)
        pulumi.run("pulumi", "stack", "select", "--create", *stack)
        ask_passphrase(pulumi, stack_file.read(pulumi.folder, self._file.stack))
        if own and pulumi.answer("pulumi", "config", "get", PASSWORD, *stack) is None:
            password = secrets.token_urlsafe(16)
            pulumi.run("pulumi", "config", "set", "--secret", PASSWORD, *stack, given=password)
        if own:
            self._local.write_env(self._local.variables({}, self._file))

    def _confirm(self, cluster: Cluster) -> None:
        if not sys.stdin.isatty():
            raise UsageError("there is no terminal to confirm a deployment on: add YES=1")
        self._programs.run("pulumi", "preview", "--stack", self._file.stack)
        if input(f"Deploy to {cluster.context}? [y/N] ").strip().lower() not in ("y", "yes"):
            raise Failed("not confirmed")

    def _deploy(self, cluster: Cluster) -> int:
        report = WaitReport(cluster.access, self._file.namespaces)
        update = ("up", "--yes", "--skip-preview", "--non-interactive")
        code = _wait(self._programs.start("pulumi", *update, "--stack", self._file.stack), report)
        if code:
            raise Failed(f"pulumi up failed with exit code {code}")
        found = outputs.read(self._programs, self._file.stack)
        late = self._wait_until_ready(report, outputs.service_hosts(found))
        print(outputs.summary(self._file.stack, found))
        if self._local.env.exists():
            print(f"For your own kubectl and pulumi: source {self._local.env}")
        if late:
            raise Failed(f"not ready after {self._ready_seconds:g} s: {', '.join(late)}")
        return 0

    def _wait_until_ready(self, report: WaitReport, services: Sequence[str]) -> dict[str, str]:
        deadline = time.monotonic() + self._ready_seconds
        while (late := report.update(services)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return late


def _wait(process: Popen[bytes], report: WaitReport) -> int:
    """Report what a deployment waits for until it ends; its exit code.

    A terminal sends Ctrl-C to Pulumi, too, which ends in order.
    """
    while True:
        try:
            return process.wait(timeout=_POLL_SECONDS)
        except TimeoutExpired:
            report.update()
        except KeyboardInterrupt:
            process.wait()
            raise


if __name__ == "__main__":
    sys.exit(exit_code("up", lambda: main(sys.argv[1:], os.environ, root_of_checkout())))
