"""The proxy with its hot modules as machine code: the same program, from the same source."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.compile import HOT
from tests.integration.proxies import running
from tests.integration.sockets import Client, Upstream, call, result

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    subprocess.run(
        (sys.executable, "-m", "proxy.compile", str(folder)),
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def test_its_hot_modules_are_machine_code(compiled: Path) -> None:
    names = [each.removesuffix(".py").replace("/", ".") for each in HOT]
    script = f"import importlib; [print(importlib.import_module(n).__file__) for n in {names}]"
    ended = subprocess.run(
        (sys.executable, "-c", script), cwd=compiled, capture_output=True, text=True, check=True
    )
    suffixes = {Path(line).suffix for line in ended.stdout.splitlines()}
    assert suffixes == {".so"}


def test_it_relays_and_counts_as_the_plain_one_does(
    compiled: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(compiled)
    with running("--upstream", upstream.url) as proxy, Client(proxy.port) as client:
        client.post(call())
        side = upstream.take()
        side.answer(json.dumps(result(isError=True)).encode())
        assert client.getresponse().status == 200
        proxy.counted({("tools/call", "tool_error", "server"): 1})
