"""However a demo ends, and whenever, none of its processes is left."""

import re
import signal
from html import unescape
from pathlib import Path

import pytest
import requests

from tests.integration.demos import DEADLINE_SECONDS, Demo, demo
from tests.waiting import until

pytestmark = pytest.mark.slow

STARTING, STARTED, SENT, TRAFFIC = "settings and logs", "processes run", "calls sent", "Ctrl-C ends"


def nothing_left(running: Demo) -> bool:
    return until(lambda: not running.left_over(), seconds=DEADLINE_SECONDS, what="nothing left")


@pytest.mark.parametrize("moment", [STARTING, STARTED, SENT])
def test_ctrl_c_before_the_table_ends_everything(moment: str) -> None:
    with demo() as running:
        running.until(moment)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 128 + signal.SIGINT
    assert running.left_over() == []
    assert running.output[-1] == "ended by SIGINT; nothing is left running\n"
    assert "Traceback" not in running.told()


FROM_FLEET_TO_TRACE = (
    r"mcp-server\.html\?.*server=echo-stdio",
    r"mcp-tools\.html\?.*server=echo-stdio.*tool=echo",
    r"mcp-latency\.html\?.*server=echo-stdio.*tags=gen_ai\.tool\.name%3Decho",
    r"mcp-latency\.html\?.*server=echo-stdio.*trace=[0-9a-f]{32}",
)
"""The links that somebody follows who looks for the cause of a symptom."""


def walked(site: str, *links: str) -> str:
    """The page that one gets to from the fleet by a link of each of these forms."""
    page = requests.get(f"{site}mcp-fleet.html?from=2m", timeout=DEADLINE_SECONDS)
    for link in links:
        assert page.status_code == 200, page.text
        found = (unescape(each) for each in re.findall(r'<a href="([^"]+)"', page.text))
        address = next((each for each in found if re.match(link, each)), None)
        assert address, f"no link {link} on {page.url}"
        assert "from=2m" in address
        page = requests.get(f"{site}{address}", timeout=DEADLINE_SECONDS)
    return page.text


def test_boards_are_live_and_a_lost_session_is_told_until_ctrl_c_is_the_normal_end() -> None:
    """One demo for all three: to prove its numbers takes far longer than what is asked after."""
    with demo() as running:
        running.until(TRAFFIC)
        found = re.search(r"Boards +(http://127\.0\.0\.1:\d+/)", running.told())
        assert found, running.told()
        trace = walked(found[1], *FROM_FLEET_TO_TRACE)
        killed = running.echo("stdio")
        killed.kill()
        running.until("echo-stdio: session lost: ")
        running.echo("stdio", unlike=killed)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.told()
    assert running.left_over() == []
    assert re.search(r"^Calls +http://127\.0\.0\.1:", running.told(), re.MULTILINE)
    assert re.search(r">agent: \S+.*>echo-stdio: \S+", trace, re.DOTALL)
    assert running.told().count("session lost") == 1
    assert "Traceback" not in running.told()


def test_an_impatient_second_ctrl_c_leaves_nothing_either() -> None:
    with demo() as running:
        running.until(STARTED)
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 128 + signal.SIGINT
        assert nothing_left(running)


def test_sigterm_ends_everything() -> None:
    with demo() as running:
        running.until(STARTING)
        running.process.send_signal(signal.SIGTERM)
        assert running.ended() == 128 + signal.SIGTERM
    assert running.left_over() == []


def test_a_killed_demo_leaves_nothing_either() -> None:
    with demo() as running:
        running.until(STARTED)
        running.process.kill()
        running.ended()
        assert nothing_left(running)


def test_ctrl_c_while_a_tool_is_built_ends_the_build(tmp_path: Path) -> None:
    with demo(XDG_CACHE_HOME=str(tmp_path)) as running:
        running.until("building collector")
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 128 + signal.SIGINT
        assert nothing_left(running)
    assert "Traceback" not in running.told()


@pytest.mark.parametrize(
    ("part", "program", "moment"),
    [
        ("collector", "otelcol", STARTED),
        ("prometheus", "prometheus", SENT),
    ],
)
def test_a_part_that_crashes_is_named_with_the_end_of_its_log(
    part: str, program: str, moment: str
) -> None:
    with demo() as running:
        running.until(moment)
        running.part(program).kill()
        assert running.ended() == 1
    assert f"{part} was ended by SIGKILL; the end of " in running.told()
    assert f"{part}.log:" in running.told()
    assert running.left_over() == []


def test_a_server_that_crashes_during_traffic_is_named() -> None:
    with demo() as running:
        running.until(TRAFFIC)
        running.echo("streamable-http").kill()
        assert running.ended() == 1
    assert "echo-http-server was ended by SIGKILL" in running.told()
    assert "Traceback" not in running.told()
    assert running.left_over() == []
