"""The doctor examines a running demo, or the addresses it is given."""

from pathlib import Path

import pytest

from lab.arguments import UsageError
from lab.doctor import options
from lab.doctor.options import Hops, parse
from lab.doctor.run import main
from lab.local.running_demo import Demo, DemoServer

ADDRESSES = ("--mcp", "http://a/mcp", "--metrics", "http://a:1/metrics", "--prometheus", "http://p")


def test_addresses_are_taken_as_given() -> None:
    assert parse((*ADDRESSES, "--server", "s", "--wait", "60")) == Hops(
        "s", "http://a/mcp", "http://a:1/metrics", "http://p", wait=60.0
    )


@pytest.mark.parametrize(
    ("architecture", "collected"), [("otel-scrape", "http://c"), ("hybrid", None)]
)
def test_a_running_demo_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, collected: str | None
) -> None:
    servers = tuple(
        DemoServer(each, f"http://{each}/mcp", f"http://{each}/metrics") for each in "ab"
    )
    demo = Demo("http://p", "http://j", architecture, "http://h", "http://c", servers)
    monkeypatch.setattr(options, "running_demo", lambda: demo)

    first = parse(())
    assert isinstance(first, Hops)
    assert first.mcp == "http://a/mcp"
    found = parse(("--server", "b", "--jaeger", "http://other"))
    assert found == Hops(
        "b", "http://b/mcp", "http://b/metrics", "http://p", "http://other", "http://h", collected
    )
    with pytest.raises(
        UsageError, match='^"c" is not a server of the running demo; choose from a, b$'
    ):
        parse(("--server", "c"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--token", "a b"),
            "doctor: --token: not a token of printable ASCII characters without spaces",
        ),
        (("--wait", "nan"), "doctor: --wait nan: not a positive number of seconds"),
        (
            ("--stack", "hybrid", "--mcp", "http://a"),
            "doctor: --mcp is not for a cluster: leave out it, or --stack",
        ),
        (("--mcp", "a"), "doctor: --mcp 'a' is not a URL: write http://host:port"),
        ((*ADDRESSES, "--wait", "0"), "doctor: --wait 0: not a positive number of seconds"),
        (
            ADDRESSES,
            "doctor: no demo is running here: start `make demo` and wait for its addresses, or give"
            " --server, or --stack for a cluster",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"{line}\n"
