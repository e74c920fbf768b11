"""However a demo ends, and whenever, none of its processes is left."""

import re
import signal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of

from tests.browser import browser, complaints, hovered, shown, texts
from tests.lab.demo.boards import missing, opened
from tests.lab.demo.demos import DEADLINE_SECONDS, demo
from tests.waiting import until

pytestmark = pytest.mark.slow

STARTING, STARTED, SENT, TRAFFIC = "settings and logs", "processes run", "calls sent", "Ctrl-C ends"


@pytest.mark.parametrize(("moment", "number"), [(STARTING, signal.SIGTERM), (SENT, signal.SIGINT)])
def test_a_signal_before_the_table_ends_everything(moment: str, number: signal.Signals) -> None:
    with demo() as running:
        running.until(moment)
        running.process.send_signal(number)
        assert running.ended() == 128 + number
    assert running.lines[-1] == f"ended by {number.name}; nothing is left running\n"
    assert "Traceback" not in running.output()


def follow(driver: Chrome, link: str, board: str) -> None:
    """Click on the first link that the CSS selector finds, which leads to the board."""
    found = shown(driver, link)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()
    until(lambda: staleness_of(found)(driver), seconds=DEADLINE_SECONDS, what="another page")
    assert f"/d/{board}?" in driver.current_url
    shown(driver, "body[data-drawn]")
    assert complaints(driver) == []


def walk_from_fleet_to_trace(driver: Chrome, site: str) -> None:
    """Follow the links from a symptom to its cause."""
    opened(driver, f"{site}d/mcp-fleet?from=now-2m&to=now&refresh=off")
    plot = shown(driver, "section[data-kind=timeseries] .nsewdrag")
    assert any(each.endswith(" req/s") for each in hovered(driver, plot))
    follow(driver, "td a[href*='var-server=echo-stdio']", "mcp-server")
    follow(driver, "td a[href*='var-tool=echo&']", "mcp-tools")
    assert "var-server=echo-stdio" in driver.current_url
    follow(driver, "td a[href*='tags=gen_ai.tool.name%3D%22echo']", "mcp-latency")
    follow(driver, "td a[href*='var-trace=']", "mcp-latency")
    assert "from=now-2m" in driver.current_url
    spans = texts(driver, ".span summary > span:first-child")
    assert spans[0].startswith("agent: ")
    assert any(each.startswith("echo-stdio: ") for each in spans)


def click_on_a_call(driver: Chrome, site: str) -> None:
    """A dot on the latencies is one call, and leads to its trace."""
    opened(driver, f"{site}d/mcp-latency?var-server=echo-http&refresh=off")
    calls = "section[data-kind=heatmap] .points path"
    shown(driver, calls)
    call = driver.find_elements(By.CSS_SELECTOR, calls)[-1]
    ActionChains(driver).move_to_element(call).click().perform()
    until(lambda: "var-trace=" in driver.current_url, seconds=DEADLINE_SECONDS, what="a trace")
    trace = parse_qs(urlsplit(driver.current_url).query)["var-trace"][0]
    shown(driver, ".trace")
    assert trace in texts(driver, ".trace p")[0]


def test_boards_are_live_and_a_lost_session_is_reported_until_ctrl_c_is_the_normal_end() -> None:
    """One demo for all of it: to prove its numbers takes far longer than what is asked after."""
    with demo() as running:
        running.until(TRAFFIC)
        found = re.search(r"Boards +(http://127\.0\.0\.1:\d+/)", running.output())
        assert found, running.output()
        with browser() as driver:
            assert missing(driver, found[1], "otel-scrape", "echo-http") == {}
            walk_from_fleet_to_trace(driver, found[1])
            click_on_a_call(driver, found[1])
        # The process of a new session: one that was about to end would not be missed.
        killed = running.echo("stdio", unlike=running.echo("stdio"))
        killed.kill()
        running.until("echo-stdio: session lost: ")
        running.echo("stdio", unlike=killed)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
    assert re.search(r"^Calls +http://127\.0\.0\.1:", running.output(), re.MULTILINE)
    assert running.output().count("session lost") == 1
    assert "Traceback" not in running.output()


def test_an_impatient_second_ctrl_c_leaves_nothing_either() -> None:
    with demo() as running:
        running.until(STARTED)
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 128 + signal.SIGINT
        running.await_nothing_left()


def test_a_killed_demo_leaves_nothing_either() -> None:
    with demo() as running:
        running.until(STARTED)
        running.process.kill()
        running.await_nothing_left()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 128 + signal.SIGINT), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_demo_that_ends_while_a_tool_is_built_ends_the_build(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    with demo(XDG_CACHE_HOME=str(tmp_path)) as running:
        running.until("building collector")
        running.process.send_signal(number)
        assert running.ended() == code
        running.await_nothing_left()
    assert "Traceback" not in running.output()


def test_a_part_that_crashes_is_named_with_the_end_of_its_log() -> None:
    """Another, while a person watches, crashes in tests/lab/watch/test_screen.py."""
    with demo() as running:
        running.until(SENT)
        running.part("prometheus").kill()
        assert running.ended() == 1
    assert "prometheus was ended by SIGKILL; the end of " in running.output()
    assert "prometheus.log:" in running.output()


def test_a_server_that_crashes_during_traffic_is_named() -> None:
    with demo() as running:
        running.until(TRAFFIC)
        running.echo("streamable-http").kill()
        assert running.ended() == 1
    assert "echo-http-server was ended by SIGKILL" in running.output()
    assert "Traceback" not in running.output()
