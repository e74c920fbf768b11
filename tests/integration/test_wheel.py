"""The wheel, plain and compiled: built, installed under one name of its own, and run."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from zipfile import ZipFile

import pytest

from proxy.compile import HOT
from proxy.telemetry.catalogue import VERSION
from tests.integration.proxies import environment, launched
from tests.integration.sockets import INITIALIZE, Client, Upstream, call, result
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAME = "mcp_observability_proxy"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
OFFLINE = ("--quiet", "--no-index", "--no-deps")


@pytest.fixture(scope="module", params=["", "1"], ids=["plain", "compiled"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy of the sources, with the build packages that are installed here."""
    sources = tmp_path_factory.mktemp("sources")
    copytree(ROOT / "proxy", sources / "proxy", ignore=ignore_patterns("__pycache__"))
    for each in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        copy(ROOT / each, sources)
    subprocess.run(
        (*PIP, "wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", "dist", "."),
        cwd=sources,
        env=environment(MCP_OBSERVABILITY_COMPILED=request.param),
        check=True,
    )
    (built,) = (sources / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that has the wheel, and the packages of this one."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    subprocess.run((*PIP, "--python", str(python), "install", *OFFLINE, str(wheel)), check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "here.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin"


def test_it_holds_the_proxy_under_one_name_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {Path(each) for each in archive.namelist()}
    assert {each.parts[0] for each in names} == {NAME, f"{NAME}-{VERSION}.dist-info"}
    code = {each for each in names if each.parts[0] == NAME}
    assert {each.suffix for each in code} <= {".py", ".so"}
    sources = {each.relative_to(ROOT / "proxy") for each in (ROOT / "proxy").rglob("*.py")}
    assert {each.relative_to(NAME) for each in code if each.suffix == ".py"} == sources
    compiled = any(each.suffix == ".so" for each in code)
    assert compiled is not wheel.name.endswith("-py3-none-any.whl")


def test_its_hot_modules_are_machine_code_where_it_is_compiled(wheel: Path, scripts: Path) -> None:
    names = [
        f"{NAME}{each.removeprefix('proxy').removesuffix('.py').replace('/', '.')}" for each in HOT
    ]
    script = f"import importlib; [print(importlib.import_module(n).__file__) for n in {names}]"
    ended = subprocess.run(
        (str(scripts / "python"), "-c", script),
        cwd=wheel.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    plain = wheel.name.endswith("-py3-none-any.whl")
    assert {Path(line).suffix for line in ended.stdout.splitlines()} == {".py" if plain else ".so"}


def test_its_command_prints_its_own_name(scripts: Path, tmp_path: Path) -> None:
    for command, name in (
        ((str(scripts / "mcp-observability-proxy"),), "mcp-observability-proxy"),
        ((str(scripts / "python"), "-m", NAME), f"python -m {NAME}"),
    ):
        shown = subprocess.run(
            (*command, "--help"), cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert shown.stdout.startswith(
            f"usage: {name} [options] (--upstream URL | --config PATH | -- command"
        )


def test_its_command_runs_before_a_stdio_server(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with launched((str(scripts / "mcp-observability-proxy"),), "--", *SERVER) as proxy:
        client = Client(proxy.port)
        client.post(INITIALIZE)
        assert client.answer()[0] == 200
        proxy.counted({("initialize", "ok", "none"): 1})
        client.close()
    assert proxy.ended() == 0


def test_its_command_forwards_and_counts_calls(
    scripts: Path, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = (str(scripts / "mcp-observability-proxy"),)
    with launched(command, "--upstream", upstream.url) as proxy, Client(proxy.port) as client:
        client.post(call())
        upstream.take().answer(json.dumps(result(isError=True)).encode())
        assert client.getresponse().status == 200
        proxy.counted({("tools/call", "tool_error", "server"): 1})
