"""Imports follow the arrows: the rooms depend on each other in one direction only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CATALOGUE = "proxy.telemetry.catalogue"
ALLOWED: dict[str, tuple[str, ...]] = {
    "proxy": ("proxy",),
    "dashboards": ("dashboards", CATALOGUE),
    "stacks": ("stacks", "dashboards", CATALOGUE),
    "lab": ("lab", "stacks", "dashboards", "proxy"),
}
ROOMS = (*ALLOWED, "tests")

TELEMETRY_VALUES = ("proxy.telemetry.trace", "proxy.telemetry.vocabulary")
INSIDE_PROXY: dict[str, tuple[str, ...]] = {
    "proxy/eras": ("proxy.eras", "proxy.wire", "proxy.errors"),
    "proxy/wire": ("proxy.wire", "proxy.errors"),
    "proxy/verdict.py": ("proxy.wire", CATALOGUE, *TELEMETRY_VALUES),
    "proxy/session.py": ("proxy.wire", "proxy.errors", "proxy.verdict", *TELEMETRY_VALUES),
}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, as an absolute dotted name, `from x import y` as x.y."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{_module(path, node)}.{name.name}" for name in node.names)


def _module(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join((*package, node.module) if node.module else package)


def is_under(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in allowed)


def strays(files: list[Path], allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in imports(path)
        if module.split(".")[0] in ROOMS and not is_under(module, allowed)
    ]


def files_of(place: str) -> list[Path]:
    path = ROOT / place
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert found, f"{place} holds no Python file"
    return found


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_its_arrows_point_to(room: str) -> None:
    assert strays(files_of(room), ALLOWED[room]) == []


@pytest.mark.parametrize("place", INSIDE_PROXY)
def test_the_pure_parts_of_the_proxy_do_not_know_the_rim(place: str) -> None:
    assert strays(files_of(place), INSIDE_PROXY[place]) == []


def test_the_proxy_imports_itself_relatively_so_that_a_wheel_may_rename_it() -> None:
    absolute = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files_of("proxy")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module
        if node.module.split(".")[0] == "proxy"
    ]
    assert absolute == []


def test_only_the_performing_files_of_stacks_import_pulumi() -> None:
    pure = ("architectures", "charts", "config", "endpoints", "plan", "values")
    guilty = [
        name
        for name in pure
        for module in imports(ROOT / "stacks" / f"{name}.py")
        if module.split(".")[0].startswith("pulumi")
    ]
    assert guilty == []


def test_the_catalogue_needs_the_standard_library_only() -> None:
    modules = {each.split(".")[0] for each in imports(ROOT / "proxy/telemetry/catalogue.py")}
    assert modules == {"dataclasses", "enum"}
