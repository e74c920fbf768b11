"""A real Prometheus with a few samples made up: the page shows their values."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.ports import free_ports
from lab.preview.run import main
from lab.processes import Command, Parts
from lab.prometheus_api import Prometheus, Unreachable
from lab.tools import ensure
from tests.lab.preview.made import SOURCE, board_text, panel_json

pytestmark = pytest.mark.slow

END = 1_700_000_000
READY_SECONDS = 30.0


def samples() -> str:
    """Ten minutes of two servers: a counter that grows by 2 per second, an age, `up`."""
    lines = ["# TYPE calls counter"]
    moments = range(END - 600, END + 1, 10)
    for server in ("a", "b"):
        lines += [f'calls_total{{server="{server}"}} {2 * (t - END + 600)} {t}' for t in moments]
    lines.append("# TYPE age_seconds gauge")
    lines += [f'age_seconds{{server="a"}} 7.5 {t}' for t in moments]
    lines.append("# TYPE up gauge")
    lines += [f'up{{server="{server}"}} 1 {t}' for server in ("a", "b") for t in moments]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    tools = ensure(("prometheus", "promtool"), environ=os.environ)
    (folder / "samples").write_text(samples())
    (folder / "prometheus.yaml").write_text("{}\n")
    blocks = ("tsdb", "create-blocks-from", "openmetrics", "samples", "data")
    subprocess.run((tools["promtool"], *blocks), cwd=folder, check=True, capture_output=True)
    address = f"127.0.0.1:{free_ports(1)[0]}"
    arguments = (
        str(tools["prometheus"]),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    )
    prometheus = Prometheus(f"http://{address}")

    def ready() -> bool | None:
        try:
            return bool(prometheus.query("up", at=END)) or None
        except Unreachable:
            return None

    with Parts(folder) as parts:
        part = parts.start(Command("prometheus", arguments, dict(os.environ)))
        parts.wait_ready(part, ready, READY_SECONDS)
        yield prometheus.url


def target(expr: str, legend: str, **more: object) -> dict[str, object]:
    base = {"refId": "A", "expr": expr, "legendFormat": legend, "interval": "10s"}
    return base | {"datasource": SOURCE} | more


def boards(folder: Path) -> Path:
    rate = target(
        'sum by (server) (rate(calls_total{server=~"$server"}[$__rate_interval]))', "of {{server}}"
    )
    age = target('max(age_seconds{server=~"$server"})', "age")
    total = target(
        'sum by (server) (increase(calls_total{server=~"$server"}[$__range]))',
        "Calls",
        instant=True,
    )
    looks = {"defaults": {"unit": "reqps"}, "overrides": []}
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
    limited = {"unit": "s", "noValue": "nobody", "thresholds": {"mode": "absolute", "steps": steps}}
    folder.mkdir()
    (folder / "made.json").write_text(
        board_text(
            panel_json("timeseries", targets=[rate], fieldConfig=looks),
            panel_json(
                "stat", id=2, targets=[age], fieldConfig={"defaults": limited, "overrides": []}
            ),
            panel_json("table", id=3, targets=[total]),
        )
    )
    return folder


def drawn(url: str, folder: Path, *more: str) -> str:
    out = folder / "out"
    given = ("--prometheus", url, "--boards", str(boards(folder / "boards")), "--out", str(out))
    assert main([*given, "--to", str(END), *more]) == 0
    assert (out / "made.png").read_bytes().startswith(b"\x89PNG")
    return (out / "made.html").read_text()


def texts(page: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", page)


def test_the_numbers_of_prometheus_are_on_the_page(url: str, tmp_path: Path) -> None:
    shown = texts(drawn(url, tmp_path))
    assert {"of a", "of b", "2 req/s", "7.50 s"} <= set(shown)
    assert shown.count("600") == 2


def test_a_value_above_its_threshold_is_red(url: str, tmp_path: Path) -> None:
    assert re.search(r"fill: #f2495c[^>]*>7\.50 s</text>", drawn(url, tmp_path), re.IGNORECASE)


def test_one_server_is_shown_alone_and_its_silence_in_the_board_s_words(
    url: str, tmp_path: Path
) -> None:
    page = drawn(url, tmp_path, "--server", "b")
    assert "of a" not in texts(page)
    assert {"of b", "nobody"} <= set(texts(page))
    assert "<dt>Server</dt><dd>b</dd>" in page


def test_a_server_that_prometheus_does_not_know_is_refused(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--prometheus", url, "--boards", str(boards(tmp_path / "boards")), "--to", str(END))
    assert main([*given, "--server", "c"]) == 2
    told = f'preview: server "c": {url} knows no such server; it knows a, b\n'
    assert capsys.readouterr().err == told


def test_the_same_data_give_the_same_bytes(url: str, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    assert drawn(url, tmp_path / "1") == drawn(url, tmp_path / "2")
    one, two = (tmp_path / each / "out" / "made.png" for each in ("1", "2"))
    assert one.read_bytes() == two.read_bytes()
