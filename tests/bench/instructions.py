"""`python -m tests.bench.instructions [COMMIT ...]`: instructions per call of the compiled proxy.

callgrind counts them, so the numbers are nearly the same on a busy machine. They are those of the
proxy's process in user space. What the kernel does for a call is not counted, and does not depend
on who calls; so the last column is the share of the functions that attribute a call to its client,
times the share of user space in the proxy's CPU time, without callgrind. The proxy is measured as
it is and as it was at each COMMIT. Needs valgrind, git and what the bench needs; some minutes for
each proxy, mostly to compile it.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil

from tests.bench import build, nginx, ours
from tests.bench.programs import Failed, Missing, Programs, find

WARM_CALLS, CALLS = 300, 1000
TIMED_CALLS = 10_000

ATTRIBUTION = re.compile(
    r"CPyDef_\w*(?:ClientIdentifier___identify|Ledger___record_caller|CallerCounts___receive)$"
)
"""The functions by which a call's client is known, and the call is counted for it, as the compiler
calls them; the last one counts results in earlier commits."""

_ENVIRONMENT = {"PYTHONHASHSEED": "0", "MCP_PROXY_PROBE_INTERVAL": "3600"}
_CALL = (
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":'
    '{"path":"a"}%s}}'
)
_META = ',"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"agent","version":"2.1.0"}}'


@dataclass(frozen=True, slots=True)
class Client:
    """How calls name their client; `path` is where the server answers."""

    name: str
    path: str
    headers: Mapping[str, str]
    meta: str = ""
    in_session: bool = False


CLIENTS = (
    Client("by User-Agent", "/200B", {"user-agent": "agent/2.1.0 (linux)"}),
    Client("by the session's initialize", "/session", {}, in_session=True),
    Client("by the call's own _meta", "/200B", {}, _META),
)


def main(commits: Sequence[str]) -> int:
    """Print a table in Markdown; 2 if something is missing, 1 if a run failed."""
    try:
        programs = find(os.environ.get("PATH", ""))
        for name in ("valgrind", "callgrind_control"):
            if shutil.which(name) is None:
                raise Missing(f"{name} is not on PATH: install valgrind")
        with tempfile.TemporaryDirectory(prefix="mcp-instructions-") as name:
            folder = Path(name)
            with nginx.upstream(programs, folder) as port:
                for line in table(programs, dict(_proxies(folder, commits)), port, folder):
                    print(line, flush=True)
    except (Missing, Failed) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2 if isinstance(error, Missing) else 1
    return 0


def _proxies(folder: Path, commits: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Compiled proxies by name."""
    yield "as it is", _compiled(ours.ROOT, folder / "now")
    for commit in commits:
        yield commit, _compiled(_checked_out(commit, folder), folder / f"compiled-{commit}")


def _checked_out(commit: str, folder: Path) -> Path:
    command = ["git", "archive", commit, "proxy", "pyproject.toml"]
    done = subprocess.run(command, cwd=ours.ROOT, capture_output=True, check=False)
    if done.returncode:
        raise Failed(f"git archive {commit}: {done.stderr.decode().strip()}")
    source = folder / f"source-{commit}"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(source, filter="data")
    return source


def _compiled(source: Path, folder: Path) -> Path:
    print(f"compile {folder.name}", file=sys.stderr)
    return build.proxy(folder, source)


def table(
    programs: Programs, proxies: Mapping[str, Path], port: int, folder: Path
) -> Iterator[str]:
    """A row for each client and proxy."""
    yield "| client | proxy | instructions | attribution | user space | attribution, of CPU time |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    upstream = f"http://127.0.0.1:{port}"
    for client in CLIENTS:
        for name, compiled in proxies.items():
            dump = _dump(programs, compiled, upstream, client, folder)
            share = _user_share(programs, compiled, upstream, client)
            cells = row(collected(dump) / CALLS, inclusive(dump, ATTRIBUTION) / CALLS, share)
            yield f"| {client.name} | {name} | {' | '.join(cells)} |"


def row(instructions: float, attribution: float, user: float) -> tuple[str, ...]:
    """Of one call, both; and the share of user space in its CPU time."""
    share = attribution / instructions
    return (
        f"{instructions:,.0f}",
        f"{attribution:,.0f} ({share:.1%})",
        f"{user:.0%}",
        f"{share * user:.1%}",
    )


def _dump(programs: Programs, compiled: Path, upstream: str, client: Client, folder: Path) -> str:
    """What callgrind writes of CALLS calls, once the proxy is warm."""
    out = folder / "callgrind.out"
    command = ("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no")
    under = (*command, f"--callgrind-out-file={out}")
    with _caller(programs, compiled, upstream, client, under) as (proxy, call):
        call(WARM_CALLS)
        _control(proxy.process.pid, "--instr=on")
        call(CALLS)
        _control(proxy.process.pid, "--instr=off")
        _control(proxy.process.pid, "--dump")
        return Path(f"{out}.1").read_text()


def _user_share(programs: Programs, compiled: Path, upstream: str, client: Client) -> float:
    """The share of user space in the CPU time of calls."""
    with _caller(programs, compiled, upstream, client) as (proxy, call):
        call(WARM_CALLS)
        process = psutil.Process(proxy.process.pid)
        before = process.cpu_times()
        call(TIMED_CALLS)
        after = process.cpu_times()
    user, system = after.user - before.user, after.system - before.system
    return user / (user + system)


@contextmanager
def _caller(
    programs: Programs, compiled: Path, upstream: str, client: Client, under: Sequence[str] = ()
) -> Iterator[tuple[ours.Running, Callable[[int], None]]]:
    """A proxy, and what calls through it so many times, one after the other."""
    arguments = ("--upstream", f"{upstream}{client.path}")
    with ours.proxy(programs, arguments, _ENVIRONMENT, compiled, under) as proxy:
        connection = HTTPConnection("127.0.0.1", proxy.port)
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            **client.headers,
        }
        if client.in_session:
            headers["mcp-session-id"] = ours.open_session(connection, client.path)

        def call(times: int) -> None:
            for _ in range(times):
                connection.request("POST", client.path, _CALL % client.meta, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise Failed(f"{client.name}: a call was answered with {answer.status}")

        yield proxy, call


def _control(pid: int, command: str) -> None:
    done = subprocess.run(
        ["callgrind_control", command, str(pid)], capture_output=True, text=True, check=False
    )
    if done.returncode or "Error" in done.stdout + done.stderr:
        raise Failed(f"callgrind_control {command}: {done.stdout.strip()} {done.stderr.strip()}")


def collected(dump: str) -> int:
    """The instructions in a dump of callgrind."""
    return int(re.findall(r"^totals: (\d+)", dump, re.MULTILINE)[0])


_NAMED = re.compile(r"c?fn=\((\d+)\)(?: (.+))?")


def inclusive(dump: str, functions: re.Pattern[str]) -> int:
    """The instructions of these functions with all that they call (callgrind's format: `cfn`)."""
    names: dict[str, str] = {}
    called, found, after_calls = "", 0, False
    for line in dump.splitlines():
        if named := _NAMED.fullmatch(line):
            number, name = named.groups()
            names.setdefault(number, name or "")
            if line.startswith("cfn="):
                called = names[number]
        elif after_calls and functions.search(called):
            found += int(line.split()[1])
        after_calls = line.startswith("calls=")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
