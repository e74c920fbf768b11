"""Every command, and every configuration, in README and docs/ is one that the programs accept."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from dashboards.options import parse as dashboards
from lab.compare.options import parse as compare
from lab.demo.options import parse as demo
from lab.docs import PAGES
from lab.doctor.options import parse as doctor
from lab.fault.run import parse as fault
from lab.load.options import parse as load
from lab.preview.options import parse as preview
from lab.record.options import parse as record
from lab.replay.options import parse as replay
from lab.workshop.options import parse as workshop
from proxy.app.settings import parse_all
from proxy.tools import baseline_file
from stacks.config import PASSWORD, PROJECT
from stacks.config import parse as stack
from tests.contract.test_make import recipe
from tests.stacks.stack import GOOD_PASSWORD

ROOT = Path(__file__).parents[2]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
KEYS = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
LANGUAGES = {"sh", "text", "yaml", "json", "dockerfile"}
RUNNABLE = ("make ", "python -m", ".venv/bin/python -m", "pytest ", "pulumi ", "uvx ")


def blocks(language: str) -> Iterator[str]:
    """The text of the code blocks; words after the language say how a test runs one."""
    fence = rf"^ *```{language}(?: [a-z ]+)?\n(.*?)^ *```$"
    for text in TEXTS.values():
        yield from re.findall(fence, text, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[str]:
    """Every line of the shell blocks, and inline code that is a whole command."""
    for block in blocks("sh"):
        yield from block.replace("\\\n", " ").splitlines()
    for text in TEXTS.values():
        prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from (each for each in re.findall(r"`([^`]+)`", prose) if each.startswith(RUNNABLE))


COMMANDS = sorted(set(filter(None, commands())))


def simple(line: str) -> Iterator[list[str]]:
    """The words of each command of a line, without variables set for it and without comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in (*lexer, ";"):
        if word in (";", "&&", "|"):
            yield words
            words = []
        elif words or not re.fullmatch(r"[A-Z_]+=.*", word):
            words.append(word)


def make(arguments: list[str]) -> None:
    targets = [each for each in arguments if "=" not in each]
    assert set(targets) <= set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
    variables = {each.partition("=")[0] for each in arguments} - set(targets)
    assert variables <= set(re.findall(r"^([A-Z_]+) +\?=", MAKEFILE, re.MULTILINE))
    documented = {"compare", "demo", "dashboards", "fault", "import", "load", "preview"}
    if set(targets) & (documented | {"record", "replay"}):
        words = recipe(shlex.join(arguments))
        module(words[words.index("-m") + 1 :])


def module(arguments: list[str]) -> None:
    """`python -m` with these."""
    name, *rest = arguments
    if name in PARSERS and rest != ["..."]:
        PARSERS[name](rest)
    else:
        assert importlib.util.find_spec(name), f"no module {name}"


def pulumi(arguments: list[str]) -> None:
    assert arguments[0] in ("login", "up", "preview", "destroy", "config", "stack")
    names = [each for each in arguments[2:] if not each.startswith("--")]
    if names and arguments[:2] == ["config", "set"]:
        key = names[0]
        root = re.split(r"[.[]", key)[0]
        assert root.startswith("kubernetes:") or f"{PROJECT}:{root}" in KEYS


def pytest_(arguments: list[str]) -> None:
    paths = (each for each in arguments if not each.startswith("-"))
    assert all((ROOT / each).exists() for each in paths)


def proxy(arguments: list[str]) -> None:
    """Raises SettingsError; inline code may leave out the server."""
    server = () if set(arguments) & {"--", "--upstream", "--config"} else ("--", "python")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    parse_all([*arguments, *server], {"PATH": path}, "proxy")


def installed_proxy(arguments: list[str]) -> None:
    proxy(arguments[arguments.index("mcp-observability-proxy") + 1 :])


def load_test(arguments: list[str]) -> None:
    """Without a URL, the target is that of a running demo."""
    target = () if set(arguments) & {"--", "--url"} else ("--url", "http://127.0.0.1:8080")
    load([*target, *arguments])


def workshop_command(arguments: list[str]) -> None:
    """Without a demo, the addresses must be given."""
    server = ("--mcp", "http://127.0.0.1:8080/mcp") if arguments[:1] == ["call"] else ()
    workshop([*arguments, "--prometheus", "http://127.0.0.1:9090", *server] if arguments else [])


def approve_tools(arguments: list[str]) -> None:
    assert arguments[0] == "approve"
    proxy(arguments[2:])


PARSERS: dict[str, Callable[[list[str]], object]] = {
    "proxy": proxy,
    "proxy.tools": approve_tools,
    "dashboards": lambda given: dashboards(given, {"GRAFANA_TOKEN": "secret-1"}),
    "lab.compare": compare,
    "lab.demo": demo,
    "lab.fault": fault,
    "lab.load": load_test,
    "lab.record": lambda given: given and record(given),
    "lab.replay": lambda given: given != ["--compare"] and replay(given),
    "lab.doctor": lambda given: given and doctor(given),
    "lab.preview": lambda given: given and preview(["--prometheus", "http://127.0.0.1", *given]),
    "lab.workshop": workshop_command,
}

PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "make": make,
    "pulumi": pulumi,
    "pytest": pytest_,
    "uvx": installed_proxy,
    "python": lambda given: module(given[1:]),
    ".venv/bin/python": lambda given: module(given[1:]),
    **dict.fromkeys(
        (".", "cd", "curl", "docker", "export", "git", "grep", "kind", "kubectl", "pip", "xargs"),
        lambda _: None,
    ),
}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_accepted(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").symlink_to(ROOT / "docs")
    Path("mcp.json").write_text('{"mcpServers": {"files": {"command": "python"}}}')
    Path("mine.yaml").write_text("error_ratio: 0.1")
    baseline_file.write("tools.json", {})
    for name, *arguments in simple(line):
        if arguments[-1:] == ["--help"]:
            with pytest.raises(SystemExit):
                PROGRAMS[name](arguments)
        else:
            PROGRAMS[name](arguments)


@pytest.mark.parametrize("block", tuple(blocks("sh")))
def test_every_shell_block_is_valid(block: str) -> None:
    checked = re.sub(r"<[a-z ]+>", "name", block)
    subprocess.run(("bash", "-n"), input=checked, text=True, check=True)


@pytest.mark.parametrize("block", tuple(blocks("yaml")))
def test_every_configuration_is_accepted(block: str) -> None:
    given = yaml.safe_load(block)
    if "scrape_configs" in given:  # of Prometheus
        return
    given = given["config"]
    stack({PASSWORD: GOOD_PASSWORD, **{key.partition(":")[2]: given[key] for key in given}})


def test_every_code_block_has_a_known_language() -> None:
    fences = re.findall(r"^ *```(.*)\n(?:.*\n)*? *```$", "\n".join(TEXTS.values()), re.MULTILINE)
    languages = {each.partition(" ")[0] for each in fences}
    assert languages <= LANGUAGES, f"write one of {sorted(LANGUAGES)} after the opening ```"
