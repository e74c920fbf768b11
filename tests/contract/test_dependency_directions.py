"""Packages depend on each other in one direction only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CATALOGUE = "proxy.telemetry.catalogue"
MCP_JSON = "proxy.app.json_comments"
SUGGESTIONS = "proxy.suggestions"
ALLOWED: dict[str, tuple[str, ...]] = {
    "proxy": ("proxy",),
    "dashboards": ("dashboards", CATALOGUE, SUGGESTIONS),
    "stacks": ("stacks", "dashboards", CATALOGUE, SUGGESTIONS, MCP_JSON),
    "lab": ("lab", "stacks", "dashboards", "proxy"),
}
PACKAGES = (*ALLOWED, "tests")

PROXY_LEVELS: tuple[tuple[str, ...], ...] = (
    ("errors", "logs", "values", "tls", "urls", "users", "fair_limit", "suggestions", "compile"),
    ("jsonrpc", "memory_budget"),
    ("telemetry",),
    ("http", "telemetry.tracing"),
    ("outcome", "telemetry.otlp", "tools", "translation"),
    ("in_flight", "transports"),
    ("calls", "faults"),
    ("upstreams",),
    ("frontend", "upstreams.cross_era"),
    ("app",),
    ("__main__", "tools.__main__"),
)
"""Modules and packages of proxy, each of which imports only levels before its own."""

_MESSAGES = ("proxy.jsonrpc", "proxy.errors")
PURE_PARTS: dict[str, tuple[str, ...]] = {
    "proxy/jsonrpc": _MESSAGES,
    "proxy/translation": ("proxy.translation", "proxy.http.head", *_MESSAGES),
    "proxy/outcome.py": (
        *("proxy.jsonrpc", "proxy.http.error_response", CATALOGUE, "proxy.telemetry.vocabulary"),
    ),
    "proxy/in_flight.py": (
        *("proxy.outcome", "proxy.http.error_response", "proxy.telemetry.vocabulary"),
        *("proxy.telemetry.tracing.trace", "proxy.telemetry.client_info", *_MESSAGES),
    ),
    **{
        f"proxy/http/{each}.py": ("proxy.http", *_MESSAGES)
        for each in ("head", "chunked", "sse", "request", "response", "cookies", "redirect")
    },
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
        if module.split(".")[0] in PACKAGES and not is_under(module, allowed)
    ]


def files_of(place: str) -> list[Path]:
    path = ROOT / place
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert found, f"{place} holds no Python file"
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    assert strays(files_of(package), ALLOWED[package]) == []


@pytest.mark.parametrize("place", PURE_PARTS)
def test_the_pure_parts_of_the_proxy_do_no_io(place: str) -> None:
    files = files_of(place)
    assert strays(files, PURE_PARTS[place]) == []
    assert not {"asyncio", "socket", "time"} & {each for path in files for each in imports(path)}


def level(module: str) -> tuple[int, str]:
    """Where a module of the proxy stands, and by which part of it: the longest name that fits."""
    fitting = [
        (number, each)
        for number, parts in enumerate(PROXY_LEVELS)
        for each in parts
        if is_under(module, (f"proxy.{each}",))
    ]
    assert fitting, f"{module} has no level"
    return max(fitting, key=lambda found: len(found[1]))


def test_the_levels_of_the_proxy_import_downwards() -> None:
    upwards = []
    for path in files_of("proxy"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if module == "proxy":
            continue
        own = level(module)
        upwards += [
            f"{module} imports {each}"
            for each in imports(path)
            if each.startswith("proxy.") and level(each) != own and level(each)[0] >= own[0]
        ]
    assert upwards == []


DASHBOARDS = (
    *("cli_text", "promql", "grafana", "third_party_metrics", "load_metrics"),
    *("fault_metrics", "cluster_label"),
    *("thresholds", "limits", "links"),
    *("expressions", "recordings", "alerts", "signal", "signals", "annotations"),
    *("panels", "layout", "board", "log_lines", "boards", "variants", "bundles"),
    *("queries", "native_histograms", "renamed_series", "rules", "inhibition", "runbook"),
    *("palette", "columns", "grafana_panels"),
    *("render", "manifests", "render_options", "export", "grafana_api", "options", "cli"),
)
"""Modules and packages of dashboards, each of which imports only those before it."""
PROMQL = ("scope", "schema", "expression", "series", "functions")

_SCRAPED = (
    *("dashboards.promql", "dashboards.third_party_metrics", "dashboards.load_metrics"),
    CATALOGUE,
)
_MEASURED = (*_SCRAPED, "dashboards.expressions")
_RECORDED = (*_MEASURED, "dashboards.recordings", "dashboards.thresholds")
INSIDE_DASHBOARDS: dict[str, tuple[str, ...]] = {
    "dashboards/promql": ("dashboards.promql", CATALOGUE),
    "dashboards/expressions": _MEASURED,
    "dashboards/recordings": _RECORDED,
    "dashboards/alerts": (*_RECORDED, "dashboards.alerts"),
    "dashboards/signals": (
        *_RECORDED,
        *("dashboards.signals", "dashboards.signal", "dashboards.limits", "dashboards.links"),
    ),
    "dashboards/boards": (
        *("dashboards.boards", "dashboards.board", "dashboards.layout", "dashboards.panels"),
        "dashboards.signals",
    ),
    "dashboards/grafana": ("dashboards.grafana",),
}
"""What each package of dashboards may import: rules and boards share what stands below both."""


@pytest.mark.parametrize("package", INSIDE_DASHBOARDS)
def test_a_package_of_dashboards_imports_only_what_it_is_made_of(package: str) -> None:
    assert strays(files_of(package), INSIDE_DASHBOARDS[package]) == []


def test_the_name_of_a_recorded_series_stands_in_recordings_only() -> None:
    elsewhere = [
        str(path.relative_to(ROOT))
        for package in ("dashboards", "stacks")
        for path in files_of(package)
        if not path.is_relative_to(ROOT / "dashboards/recordings")
        if re.search(r"mcp:[a-z_{]+:", path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


@pytest.mark.parametrize(
    ("package", "layers"), [("dashboards", DASHBOARDS), ("dashboards.promql", PROMQL)]
)
def test_the_layers_of_dashboards_import_downwards(package: str, layers: tuple[str, ...]) -> None:
    folder = package.replace(".", "/")
    for number, layer in enumerate(layers):
        below = tuple(f"{package}.{each}" for each in layers[: number + 1])
        path = ROOT / folder / layer
        imported = [
            module
            for file in files_of(str(path if path.is_dir() else path.with_suffix(".py")))
            for module in imports(file)
            if module.startswith(f"{package}.") and not is_under(module, below)
        ]
        assert imported == [], layer
    found = {path.stem for path in (ROOT / folder).iterdir() if path.suffix in (".py", "")}
    assert {each for each in found if not each.startswith("__")} == set(layers)


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
