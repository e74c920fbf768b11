"""The compiled proxy: what is compiled exists, and a mistake is one line."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import proxy
from proxy.compile import HOT

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, "-m", "proxy.compile", *arguments),
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", HOT)
def test_every_hot_module_exists(module: str) -> None:
    assert (ROOT / module).is_file()


@pytest.mark.parametrize("module", HOT)
def test_no_hot_module_defines_a_struct(module: str) -> None:
    """msgspec reads types from annotations, of which mypyc keeps `type` for a union."""
    bases = (
        base
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    )
    assert "Struct" not in {ast.unparse(base).rpartition(".")[2] for base in bases}


def test_no_interpreted_class_inherits_from_a_compiled_one() -> None:
    hot = {each.removesuffix(".py").replace("/", ".") for each in HOT}
    names = {each.name for each in pkgutil.walk_packages(proxy.__path__, "proxy.")} - hot
    classes = (
        each
        for name in names
        for each in vars(importlib.import_module(name)).values()
        if isinstance(each, type) and each.__module__ == name
    )
    inherit = [each for each in classes if any(base.__module__ in hot for base in each.__mro__)]
    assert not inherit


def test_the_folder_must_be_named() -> None:
    ended = run()
    assert (ended.returncode, ended.stderr) == (2, "proxy.compile: name the folder to write to\n")


def test_without_a_compiler_nothing_is_written(tmp_path: Path) -> None:
    ended = run(str(tmp_path), CC="no-such-compiler")
    assert ended.stderr.splitlines() == [
        "proxy.compile: 'no-such-compiler' is not on PATH: install a C compiler, or name one in CC"
    ]
    assert ended.returncode == 2
    assert not tuple(tmp_path.iterdir())
