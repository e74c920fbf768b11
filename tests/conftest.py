"""Rules of every test run: a test that is skipped has proved nothing, so it counts as failed."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

_ROOT = Path(__file__).parents[1]
# One API server and one Pulumi engine serve all of them.
_ONE_CLUSTER = _ROOT / "tests" / "e2e"

# No property is about time, and the machine has other work to do.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# A run that was started in the background inherits an ignored SIGINT, and would hand it down to
# the programs whose end by Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the names
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name for pytest-xdist (`--dist loadgroup`) the tests that share what is dear to start."""
    for item in items:
        if item.get_closest_marker("slow") is not None:
            shared = _ONE_CLUSTER if _ONE_CLUSTER in item.path.parents else item.path
            item.add_marker(pytest.mark.xdist_group(str(shared.relative_to(_ROOT))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the run fails when something was skipped."""
    if terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(
            "a skipped test fails the run: provide what it misses", red=True
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run when a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
