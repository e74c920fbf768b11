"""The proxy as a package that can be installed, under one name of its own.

The hot modules are machine code where the variable MCP_OBSERVABILITY_COMPILED is set and not empty:
that needs a C compiler. Else nothing is compiled, and the wheel is for every platform.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import rmtree

from setuptools import Distribution, find_packages, setup
from setuptools.command.build_py import build_py

NAME = "mcp_observability_proxy"
ROOT = Path(__file__).parent
COMPILED = bool(os.environ.get("MCP_OBSERVABILITY_COMPILED"))


class Platform(Distribution):  # type: ignore[misc]  # untyped upstream
    """A wheel with machine code is for one platform and one Python."""

    def has_ext_modules(self) -> bool:
        """Part of Distribution."""
        return COMPILED


class Build(build_py):  # type: ignore[misc]  # untyped upstream
    """Copies the package, or compiles it; what an earlier build left there is removed."""

    def run(self) -> None:
        """Part of build_py."""
        rmtree(Path(self.build_lib) / NAME, ignore_errors=True)
        if COMPILED:
            command = (sys.executable, "-m", "proxy.compile", self.build_lib, NAME)
            subprocess.run(command, cwd=ROOT, check=True)
        else:
            super().run()


groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
setup(
    distclass=Platform,
    cmdclass={"build_py": Build},
    setup_requires=groups["compile"] if COMPILED else (),
    install_requires=groups["proxy"],
    package_dir={NAME: "proxy"},
    packages=[NAME, *(f"{NAME}.{each}" for each in find_packages("proxy"))],
)
