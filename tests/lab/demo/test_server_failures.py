"""A line for each of the user's servers that fails, from what its proxy logged."""

import json
from pathlib import Path

from lab.demo.server_failures import ServerFailures
from lab.local.proxy_endpoints import ProxyEndpoint

NAMES = ("search", "files", "fine")


def write(folder: Path, name: str, *events: dict[str, str], end: str = "\n") -> None:
    with (folder / f"proxy-{name}.log").open("a") as log:
        log.write("\n".join(map(json.dumps, events)) + end)


def unreachable(reason: str) -> dict[str, str]:
    return {"event": "upstream unreachable", "reason": reason}


def test_each_failing_server_is_a_line_with_its_reason_and_the_end_of_its_stderr(
    tmp_path: Path,
) -> None:
    write(tmp_path, "search", {"event": "ready"}, unreachable("cannot connect"))
    (tmp_path / "proxy-files.log").write_text("Traceback, which is no JSON\n1\n")
    errors = [{"event": "child stderr", "line": each} for each in ("Traceback", "no API key")]
    write(tmp_path, "files", *errors, unreachable("exit code 1"))
    write(tmp_path, "fine", {"event": "upstream reachable"})
    reported: list[str] = []
    endpoints = [ProxyEndpoint(each, "stdio", f"proxy-{each}", "", "") for each in NAMES]
    failures = ServerFailures(endpoints, tmp_path, reported.append)
    failures.step()
    expected = [
        "search does not work: cannot connect",
        "files does not work: exit code 1; its stderr: no API key",
    ]
    assert reported == expected
    write(tmp_path, "search", {"event": "upstream reachable"}, unreachable("refused"), end="")
    failures.step()
    assert reported == expected, "the line is not complete yet"
    write(tmp_path, "search")
    failures.step()
    assert reported == [*expected, "search does not work: refused"]
