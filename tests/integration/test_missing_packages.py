"""A Python without the proxy's packages: one line that says so, and what to do."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.integration.proxies import environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def run_with(packages: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the proxy by a Python that has only `packages` beside its own library."""
    return subprocess.run(
        (sys.executable, "-S", "-m", "proxy", *arguments, "--", "true"),
        cwd=ROOT,
        env=environment(PYTHONPATH=str(packages)),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def installed_without(folder: Path, missing: str) -> Path:
    """All that is installed here, one package left out."""
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if each.name != missing:
            (folder / each.name).symlink_to(each)
    return folder


@pytest.mark.parametrize(
    "missing", ["uvloop", "httptools", "jsonschema_rs", "msgspec", "prometheus_client"]
)
def test_a_missing_package_is_one_line_and_exit_code_2(tmp_path: Path, missing: str) -> None:
    ended = run_with(installed_without(tmp_path, missing))
    assert ended.stderr == (
        f"proxy: {missing} is not installed for this Python ({sys.executable}):"
        " use .venv/bin/python, or pip install -r requirements-proxy.txt\n"
    )
    assert (ended.returncode, ended.stdout) == (2, "")


def test_a_bad_setting_is_reported_before_a_missing_package(tmp_path: Path) -> None:
    ended = run_with(tmp_path, "--drain-timeout", "soon")
    assert ended.stderr.startswith("proxy: --drain-timeout: 'soon'")


def test_a_module_that_no_list_of_packages_brings_is_a_fault_of_the_program(
    tmp_path: Path,
) -> None:
    installed_without(tmp_path, "httptools")
    (tmp_path / "httptools.py").write_text("import no_such_module\n")
    ended = run_with(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.endswith("ModuleNotFoundError: No module named 'no_such_module'\n")
