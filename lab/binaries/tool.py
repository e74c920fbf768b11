"""One binary: its names, what makes one on PATH usable, and how it is built."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

MODULES = Path(__file__).resolve().parents[2] / "tools"

Version = tuple[int, ...]

_VERSION = re.compile(r"(?:[Vv]ersion\W+v?|\bv|^(?:go)?)(\d+(?:\.\d+)+)")
_GO_DIRECTIVE = re.compile(r"^go (\d+(?:\.\d+)+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A binary that is looked up by its commands, else built from a pinned module under `tools/`.

    `commands` are tried in order; the last is also the file name of the build.
    `assets` are environment variables that hold a folder to search before PATH.
    `version_command` are the arguments that print the version or the components; the output must
    contain `required_words`.
    """

    name: str
    commands: tuple[str, ...]
    module: str
    package: str
    seconds: int
    install: str
    ldflags: str = "-s -w"
    tags: str = ""
    assets: tuple[str, ...] = ()
    version_command: tuple[str, ...] = ("--version",)
    oldest: Version = ()
    required_words: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    @property
    def flags(self) -> tuple[str, ...]:
        return (
            *("-mod=readonly", "-trimpath", "-buildvcs=false"),
            *("-tags", self.tags),
            *("-ldflags", self.ldflags),
        )

    @property
    def oldest_go(self) -> Version:
        """The oldest Go that can build the module, from its go.mod."""
        directive = _GO_DIRECTIVE.search((self.folder / "go.mod").read_text())
        if directive is None:
            raise ValueError(f"{self.folder / 'go.mod'} has no go directive")
        return _numbers(directive[1])

    def binary(self, cache: Path) -> Path:
        """The path in the cache of a build from this module's exact sources and flags."""
        return cache / f"{self.name}-{self._digest()}" / self.commands[-1]

    def flaw(self, output: str | None) -> str | None:
        """Why a binary with this output is unusable; None when it is usable."""
        if output is None:
            return f"does not answer {' '.join(self.version_command)}"
        version = version_in(output)
        if version and version < self.oldest:
            return f"is {dotted(version)}, older than {dotted(self.oldest)}"
        words = set(output.split())
        missing = [each for each in self.required_words if each not in words]
        return f"lacks {', '.join(missing)}" if missing else None

    def _digest(self) -> str:
        patterns = ("go.mod", "go.sum", "*.go")
        sources = sorted(path for each in patterns for path in self.folder.rglob(each))
        digest = hashlib.sha256(repr((self.package, self.flags)).encode())
        for source in sources:
            name = source.relative_to(self.folder).as_posix()
            digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
        return digest.hexdigest()[:12]


def version_in(text: str) -> Version:
    """The first version in a program's output, or ()."""
    found = _VERSION.search(text)
    return _numbers(found[1]) if found else ()


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _numbers(text: str) -> Version:
    return tuple(map(int, text.split(".")))
