"""The suite's installation, and what it says when it cannot be had or run."""

import os
from pathlib import Path

import pytest

from lab.local.ports import free_ports
from tests.conformance.runs import LEGACY, installed
from tests.conformance.suite import Suite, SuiteFailed, install

pytestmark = pytest.mark.slow


def test_an_unreachable_registry_is_reported_and_nothing_stays_half_installed(
    tmp_path: Path,
) -> None:
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path),
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_fetch_retries": "0",
        "npm_config_registry": f"http://127.0.0.1:{free_ports(1)[0]}/",
    }
    with pytest.raises(SuiteFailed, match=r"^npm ci ended with \d+: .*ECONNREFUSED.*$"):
        install(environment)
    assert list((tmp_path / "mcp-observability" / "tools").iterdir()) == []


def test_a_suite_that_is_installed_is_not_installed_again() -> None:
    installed()
    without_registry = {**os.environ, "npm_config_registry": "http://127.0.0.1:1/"}
    assert install(without_registry).required(LEGACY)


def test_a_suite_that_gives_no_results_is_reported(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / f"{LEGACY}.yaml").write_text("server: [ping]")
    with pytest.raises(SuiteFailed, match="no result of ping"):
        Suite(tmp_path, os.environ).judge("http://127.0.0.1:1/mcp", LEGACY)
