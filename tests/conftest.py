"""Rules of every test run: a test that is skipped has proved nothing, so it counts as failed."""

import os
import signal
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.workers import Sharing, place, share

SECONDS = "files/seconds"
"""Where pytest's cache has the seconds of each file, or of what is kept together."""

spent: defaultdict[str, float] = defaultdict(float)

# Every run tries the same examples, and none fails because the machine has other work to do.
settings.register_profile(
    "same everywhere",
    deadline=None,
    derandomize=True,
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.load_profile("same everywhere")

# gRPC's handlers of forks abort 3 of 100 children that have a `preexec_fn`, once it was used.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

# A proxy that the machine uses for HTTP cannot reach loopback.
for each in ("no_proxy", "NO_PROXY"):
    others = (os.environ.get(each), "127.0.0.1", "::1", "localhost")
    os.environ[each] = ",".join(filter(None, others))

# A run that was started in the background inherits an ignored SIGINT, and would hand it down to
# the programs whose end by Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing | None:
    """Keep together what shares something dear; None leaves other ways to share as they are."""
    return Sharing(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first."""
    cache = getattr(config, "cache", None)
    seconds = cache.get(SECONDS, {}) if cache else {}
    items.sort(key=lambda item: place(_file(item.nodeid), seconds))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each file takes."""
    spent[share(_file(report.nodeid))] += report.duration


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the run fails when something was skipped."""
    if terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(
            "a skipped test fails the run: provide what it misses", red=True
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep what each file took, if workers shared the files. A skipped test fails the run."""
    config, cache = session.config, getattr(session.config, "cache", None)
    shared = config.getoption("dist", "no") == "loadfile" and not hasattr(config, "workerinput")
    if cache and shared:
        cache.set(SECONDS, {**cache.get(SECONDS, {}), **spent})
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
