"""Pages in a real browser, with the numbers of a real Prometheus: what a person sees and does."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from dashboards.links import TO_SERVER, TO_TOOLS
from lab.preview import model
from lab.preview.live import Site, server
from lab.preview.run import main
from tests.browser import SECONDS, browser, complaints, hovered, shown, texts
from tests.http_edge import looping
from tests.lab.preview.made import SOURCE, board_text, fields, panel_json
from tests.lab.preview.sampled_prometheus import END, HOSTILE, sampled_prometheus
from tests.waiting import until

pytestmark = pytest.mark.slow

CALLS = 'sum by (server) (rate(calls_total{server=~"$server"}[$__rate_interval]))'
LINKS = [{"title": each.title, "url": each.from_series()} for each in (TO_SERVER, TO_TOOLS)]
STEPS = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
UIDS = ("made", TO_SERVER.board, TO_TOOLS.board)
AGE = {"unit": "s", "noValue": "nothing", "thresholds": {"mode": "absolute", "steps": STEPS}}


def target(expr: str, legend: str, **more: object) -> dict[str, object]:
    base = {"refId": "A", "expr": expr, "legendFormat": legend, "interval": "10s"}
    return base | {"datasource": SOURCE} | more


def boards_text() -> str:
    total = 'sum by (server) (increase(calls_total{server=~"$server"}[$__range]))'
    lines = fields(unit="reqps", min=0, links=LINKS, color={"mode": "palette-classic"})
    at = {"w": 12, "h": 4, "x": 12, "y": 0}
    instant = [target(total, "Calls", instant=True)]
    server_link = {
        "matcher": {"id": "byName", "options": "server"},
        "properties": [{"id": "links", "value": [{"title": "t", "url": TO_SERVER.from_row()}]}],
    }
    return board_text(
        panel_json("timeseries", targets=[target(CALLS, "of {{server}}")], fieldConfig=lines),
        panel_json(
            "stat",
            id=2,
            description="How old it is",
            targets=[target('max(age_seconds{server=~"$server"})', "age")],
            fieldConfig=fields(**AGE),
            gridPos=at,
        ),
        panel_json(
            "table",
            id=3,
            targets=instant,
            transformations=[{"id": "organize", "options": {}}],
            fieldConfig={"defaults": {}, "overrides": [server_link]},
            gridPos=at | {"y": 4},
        ),
        panel_json("stat", id=4, targets=[target("vector($__range_s)", "")], gridPos=at | {"y": 8}),
        panel_json(
            "stat",
            id=5,
            targets=[target("vector(time())", "", instant=True)],
            gridPos=at | {"y": 12},
        ),
    )


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sampled_prometheus(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


@pytest.fixture(scope="module")
def site(url: str) -> Iterator[str]:
    """Live pages; a second passes between two requests."""
    made = boards_text()
    texts = (made.replace('"uid": "made"', f'"uid": "{uid}"') for uid in UIDS)
    boards = tuple(model.parse(text, "made") for text in texts)
    clock = count(END - 60)
    with server(Site(boards, url), 0, lambda: next(clock)) as serves, looping(serves) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as driver:
        yield driver


def opened(driver: Chrome, address: str) -> WebElement:
    """The plot of a page that was opened without a complaint."""
    driver.get(address)
    assert complaints(driver) == []
    return shown(driver, ".plot .nsewdrag")


def text(driver: Chrome, selector: str) -> str:
    return next(iter(texts(driver, selector)), "")


def names(driver: Chrome) -> list[str]:
    return texts(driver, ".legend button")


def visible(driver: Chrome) -> int:
    return len(driver.find_elements(By.CSS_SELECTOR, ".plot .scatterlayer .js-line"))


def highest(driver: Chrome) -> str:
    """The text of the highest tick of the chart."""
    return texts(driver, ".plot .ytick")[-1]


def asked(driver: Chrome, name: str) -> str:
    return parse_qs(urlsplit(driver.current_url).query)[name][0]


def test_the_numbers_of_prometheus_are_shown_and_a_pointer_shows_more(
    chromium: Chrome, site: str
) -> None:
    plot = opened(chromium, f"{site}/d/made?refresh=off")
    assert sorted(names(chromium)) == ["of a", f"of {HOSTILE}", "of b"]
    assert text(chromium, "#panel-2 b") == "7.50 s"
    tip = shown(chromium, "#panel-2 .help span")
    assert not tip.is_displayed()
    ActionChains(chromium).move_to_element(shown(chromium, "#panel-2 .help")).perform()
    assert until(tip.is_displayed, seconds=SECONDS, what="the description")
    assert hovered(chromium, plot)[1:] == [
        "of a : 1 req/s",
        f"of {HOSTILE} : 3 req/s",
        "of b : 2 req/s",
    ]


def test_a_file_shows_the_same_without_a_server(chromium: Chrome, url: str, tmp_path: Path) -> None:
    (tmp_path / "made.json").write_text(boards_text())
    given = ("--prometheus", url, "--boards", str(tmp_path), "--out", str(tmp_path))
    assert main([*given, "--to", str(END), "--server", "b"]) == 0
    plot = opened(chromium, (tmp_path / "made.html").as_uri())
    assert names(chromium) == ["of b"]
    assert text(chromium, "#panel-2 .empty") == "nothing"
    assert hovered(chromium, plot)[1:] == ["of b : 2 req/s"]


def test_a_server_that_prometheus_does_not_know_is_refused(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made.json").write_text(boards_text())
    given = ("--prometheus", url, "--boards", str(tmp_path), "--to", str(END))
    assert main([*given, "--server", "c"]) == 2
    assert f'preview: server "c": {url} has no such server; it has a, ' in capsys.readouterr().err


def test_a_name_that_would_end_promql_html_or_a_script_is_a_name(
    chromium: Chrome, site: str
) -> None:
    opened(chromium, f"{site}/d/made?refresh=off")
    [link] = [
        each
        for each in chromium.find_elements(By.CSS_SELECTOR, "#panel-3 td a")
        if each.text == HOSTILE
    ]
    link.click()
    assert asked(chromium, "var-server") == HOSTILE
    assert text(chromium, "h1") == "Made by hand"
    assert names(chromium) == [f"of {HOSTILE}"]
    assert text(chromium, "select[name=var-server] option:checked") == HOSTILE
    assert complaints(chromium) == []


def test_a_name_in_the_legend_shows_its_series_alone_and_again_all(
    chromium: Chrome, site: str
) -> None:
    opened(chromium, f"{site}/d/made?refresh=off")
    assert (visible(chromium), highest(chromium)) == (3, "3 req/s")
    chromium.find_element(By.CSS_SELECTOR, ".legend button").click()
    assert until(lambda: visible(chromium) == 1, seconds=SECONDS, what="one line")
    assert highest(chromium) == "1 req/s"
    chromium.find_element(By.CSS_SELECTOR, ".legend button").click()
    assert until(lambda: visible(chromium) == 3, seconds=SECONDS, what="three lines")
    assert highest(chromium) == "3 req/s"


def test_a_point_offers_the_links_of_its_series(chromium: Chrome, site: str) -> None:
    plot = opened(chromium, f"{site}/d/made?refresh=off")
    hovered(chromium, plot)
    ActionChains(chromium).click().perform()
    shown(chromium, "#menu a")
    assert texts(chromium, "#menu a") == [TO_SERVER.title, TO_TOOLS.title]
    shown(chromium, "#menu a").click()
    assert urlsplit(chromium.current_url).path == f"/d/{TO_SERVER.board}"
    assert asked(chromium, "var-server") in ("a", "b", HOSTILE)


def test_times_can_be_chosen_in_the_page_and_change_what_is_asked(
    chromium: Chrome, site: str
) -> None:
    opened(chromium, f"{site}/d/made?refresh=off&var-server=a")
    assert text(chromium, "#panel-4 b") == "300"
    shown(chromium, ".time summary").click()
    chromium.find_element(By.LINK_TEXT, "Last 15 minutes").click()
    assert until(
        lambda: text(chromium, "#panel-4 b") == "900", seconds=SECONDS, what="another range"
    )
    assert (asked(chromium, "from"), asked(chromium, "var-server")) == ("now-15m", "a")
    shown(chromium, ".time summary").click()
    start = chromium.find_element(By.NAME, "from")
    start.clear()
    start.send_keys("now-2m")
    chromium.find_element(By.CSS_SELECTOR, ".time button").click()
    assert until(
        lambda: text(chromium, "#panel-4 b") == "120", seconds=SECONDS, what="a typed range"
    )
    assert asked(chromium, "var-server") == "a"


def test_dragging_over_a_chart_shows_that_time(chromium: Chrome, site: str) -> None:
    plot = opened(chromium, f"{site}/d/made?refresh=off")
    drag = ActionChains(chromium).move_to_element_with_offset(plot, -100, 0).click_and_hold()
    drag.move_by_offset(150, 0).release().perform()
    assert until(lambda: "to=1" in chromium.current_url, seconds=SECONDS, what="the chosen time")
    length = (int(asked(chromium, "to")) - int(asked(chromium, "from"))) / 1000
    assert 30 < length < 200
    assert abs(float(text(chromium, "#panel-4 b")) - length) <= 1


def test_choosing_a_server_shows_it_alone(chromium: Chrome, site: str) -> None:
    opened(chromium, f"{site}/d/made?refresh=off")
    chromium.find_element(By.CSS_SELECTOR, "select[name=var-server] option[value=b]").click()
    assert until(lambda: names(chromium) == ["of b"], seconds=SECONDS, what="one server")
    assert "var-tags" not in chromium.current_url


def test_a_page_refreshes_itself_and_keeps_what_was_chosen_on_it(
    chromium: Chrome, site: str
) -> None:
    opened(chromium, f"{site}/d/made?refresh=5s")
    chromium.execute_script("document.querySelector('.legend button').click()")
    end = "return document.querySelector('.plot').layout.xaxis.range[1]"
    before, drawn = text(chromium, "#panel-5 b"), chromium.execute_script(end)
    assert until(lambda: text(chromium, "#panel-5 b") != before, seconds=SECONDS, what="a refresh")
    assert visible(chromium) == 1
    assert chromium.execute_script(end) > drawn
    assert complaints(chromium) == []


def test_a_table_is_sorted_by_the_column_that_is_clicked(chromium: Chrome, site: str) -> None:
    opened(chromium, f"{site}/d/made?refresh=off")

    def first() -> str:
        return text(chromium, "#panel-3 tbody td:nth-child(1)")

    head = chromium.find_element(By.CSS_SELECTOR, "#panel-3 th:nth-child(1)")
    head.click()
    assert first() == "b"
    head.click()
    assert first() == "a"
