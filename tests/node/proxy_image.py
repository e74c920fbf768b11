"""The images of our proxy, and of an MCP server by the official SDK behind or below it.

The proxy is laid out as its Dockerfile lays it out, whose last stage says how it runs. Base and
packages are not fetched: Python is the one that runs the tests, at its own path, and the packages
are those of the test environment, which are pinned by the same list. The hot modules are not
compiled.
"""

from __future__ import annotations

import importlib.metadata
import re
import shlex
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.node.images import AUTHORITIES, Content, Image, Layer, layer, libraries

ROOT = Path(__file__).parents[2]
EXAMPLE = "/opt/server/example_server.py"
PYTHON = "/opt/proxy/bin/python"

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PACKAGES = f"/opt/proxy/lib/{_VERSION}/site-packages"
_LEFT_OUT = {"site-packages", "test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip"}


PROXY_IMAGE = "mcp-observability-proxy:0.1.0"
STDIO_IMAGE = "example.com/stdio-server:1.0"
HTTP_IMAGE = "example.com/http-server:1.0"


def images(folder: Path) -> list[Image]:
    """The proxy; an example server to run below it, FROM it; one to run on its own."""
    settings = _dockerfile((ROOT / "proxy" / "Dockerfile").read_text())
    layers = (_python(folder / "python.tar"), _proxy(folder / "proxy.tar"))
    example = (*layers, _server(folder / "server.tar"))
    on_its_own = {**settings, "Entrypoint": [PYTHON, EXAMPLE, "http"]}
    return [
        Image((PROXY_IMAGE,), layers, settings),
        Image((STDIO_IMAGE,), example, settings),
        Image((HTTP_IMAGE,), example, on_its_own),
    ]


def _dockerfile(text: str) -> dict[str, Any]:
    """The image configuration that the last stage states."""
    last = re.split(r"^FROM ", text.replace("\\\n", " "), flags=re.MULTILINE)[-1]
    found = {
        name: rest.strip() for name, _, rest in (line.partition(" ") for line in last.splitlines())
    }
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    for word in shlex.split(found["ENV"]):
        name, _, value = word.partition("=")
        variables[name] = value.replace("$PATH", variables["PATH"])
    return {
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "User": found["USER"],
        "WorkingDir": found["WORKDIR"],
        "Entrypoint": re.findall(r'"([^"]+)"', found["ENTRYPOINT"]),
    }


def _python(archive: Path) -> Layer:
    """What the Dockerfile starts from: the interpreter, its libraries, users."""
    prefix = Path(sys.base_prefix)
    program = prefix / "bin" / _VERSION
    standard = Path(sysconfig.get_path("stdlib"))
    files: dict[str, Content] = {str(each): each for each in _standard_library(standard)}
    linked = [program, *(each for each in files.values() if str(each).endswith(".so"))]
    files |= {
        each: Path(each) for each in libraries(each for each in linked if isinstance(each, Path))
    }
    files |= {
        str(program): program,
        "/etc/passwd": b"root:x:0:0::/root:/none\nproxy:x:65532:65532::/:/usr/sbin/nologin\n",
        "/tmp/": b"",
    }
    if AUTHORITIES.exists():
        files[str(AUTHORITIES)] = AUTHORITIES
    return layer(archive, files)


def _standard_library(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        if each.is_dir() and each.name not in _LEFT_OUT and not each.name.startswith("config-"):
            yield from _standard_library(each)
        elif each.is_file() and each.suffix != ".a":
            yield each


def _proxy(archive: Path) -> Layer:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements-proxy.txt").read_text(), re.M)
    for name, version in pins:
        there = importlib.metadata.version(name)
        assert there == version, f"{name} {there} is installed, the proxy's image has {version}"
    source = ROOT / "proxy"
    kinds = (".py", ".pyc", ".typed")
    own = [each for each in source.rglob("*") if each.suffix in kinds and each.is_file()]
    files: dict[str, Content] = {f"/opt/app/{each.relative_to(ROOT)}": each for each in own}
    files |= _packages(name for name, _ in pins)
    files["/opt/proxy/pyvenv.cfg"] = f"home = {sys.base_prefix}/bin\n".encode()
    return layer(archive, files, {PYTHON: f"{sys.base_prefix}/bin/{_VERSION}"})


def _server(archive: Path) -> Layer:
    files = _packages(_needed("mcp"))
    files[EXAMPLE] = Path(__file__).with_name("example_server.py")
    return layer(archive, files)


def _needed(name: str) -> set[str]:
    """A distribution and all that it requires here."""
    found: set[str] = set()
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        if wanted.name.lower() in found:
            continue
        found.add(wanted.name.lower())
        for line in importlib.metadata.requires(wanted.name) or ():
            each = Requirement(line)
            extras = wanted.extras or {""}
            if each.marker is None or any(each.marker.evaluate({"extra": one}) for one in extras):
                waiting.append(each)
    return found


def _packages(names: Iterable[str]) -> dict[str, Content]:
    """The files of distributions, and the libraries that these link to."""
    files: dict[str, Content] = {}
    for name in names:
        for each in importlib.metadata.files(name) or ():
            source = Path(str(each.locate()))
            if not each.parts[0].startswith("..") and source.is_file():
                files[f"{_PACKAGES}/{each}"] = source
    linked = [each for each in files.values() if isinstance(each, Path) and ".so" in each.name]
    inside = {str(each) for each in files.values()}
    return files | {each: Path(each) for each in libraries(linked) if each not in inside}
