"""The official conformance suite: pinned in tools/conformance, run by the Node.js of a wheel."""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.local.programs import inherited
from tests import npm

RUN_SECONDS = 300
_RESULT_FOLDER = re.compile(r"server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


class SuiteFailed(Exception):
    """The suite could not be installed, or gave no results; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the suite found about one requirement.

    `status` is SUCCESS, FAILURE, WARNING or SKIPPED; INFO is narration.
    """

    id: str
    status: str
    message: str = ""


Results = Mapping[str, tuple[Check, ...]]
"""The checks of every scenario that ran, by the scenario's name."""


class Suite:
    """An installed suite. It may run several times at once, until it is stopped."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def __repr__(self) -> str:
        return f"<Suite running={len(self._running)} stopped={self._stopped}>"

    def required(self, revision: str) -> tuple[str, ...]:
        """The scenarios that a server of a protocol revision has to pass."""
        listed = yaml.safe_load((self._folder / "requirements" / f"{revision}.yaml").read_text())
        return tuple(listed["server"])

    def judge(self, url: str, revision: str) -> Results:
        """Run the scenarios listed for a revision against a server. Raises SuiteFailed."""
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            output = self._run("--url", url, "--requirements", revision, "--output-dir", folder)
            results = {
                name: checks
                for path in sorted(Path(folder).iterdir(), key=_when)
                for name, checks in _read(path)
            }
        if self._stopped:
            raise SuiteFailed("the suite was stopped")
        if missing := set(self.required(revision)) - set(results):
            raise SuiteFailed(
                f"{url}: no result of {', '.join(sorted(missing))}\n{output[-npm.MOST_TOLD :]}"
            )
        return results

    def stop(self) -> None:
        """End what runs: `judge` raises SuiteFailed."""
        self._stopped = True
        for process in tuple(self._running):
            process.kill()

    def _run(self, *options: str) -> str:
        """Run the suite to its end, whatever it finds; what it says."""
        with subprocess.Popen(
            (npm.NODE, self._folder / "dist" / "index.js", "server", *options),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            self._running.add(process)
            try:
                output, _ = process.communicate(timeout=0 if self._stopped else RUN_SECONDS)
            except subprocess.TimeoutExpired as late:
                reason = "stopped" if self._stopped else f"not done after {RUN_SECONDS} s"
                raise SuiteFailed(f"the suite was {reason}") from late
            finally:
                process.kill()
                self._running.discard(process)
        return output


def install(environment: Mapping[str, str]) -> Suite:
    """The suite in the user's cache, put there if it is not. Raises SuiteFailed."""
    try:
        home = npm.installed("conformance", environment)
    except npm.NotInstalled as reason:
        raise SuiteFailed(str(reason)) from reason
    package = home / "node_modules" / "@modelcontextprotocol" / "conformance"
    return Suite(package, inherited(environment))


def _read(folder: Path) -> list[tuple[str, tuple[Check, ...]]]:
    """The checks in one folder of results; none if its scenario never finished."""
    named = _RESULT_FOLDER.fullmatch(folder.name)
    path = folder / "checks.json"
    if named is None or not path.exists():
        return []
    checks = tuple(
        Check(each["id"], each["status"], each.get("errorMessage", ""))
        for each in json.loads(path.read_text())
    )
    return [(named["scenario"], checks)]


def _when(folder: Path) -> str:
    """The time at the end of a result folder's name, for the order of the run."""
    return folder.name[-len("2026-01-01T00-00-00-000Z") :]
