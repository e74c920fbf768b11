"""Live pages are drawn again on every request, for what the address asks."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import pytest
import requests

from lab.preview.live import Site, server
from tests.http_edge import looping
from tests.lab.preview.made import END, board, panel_json
from tests.lab.preview.scripted_prometheus import Asked, prometheus
from tests.lab.scripted import answering

CLOSED = "http://127.0.0.1:1"
EMPTY = {"data": {"resultType": "matrix", "result": []}}


@contextmanager
def serving(prometheus: str) -> Iterator[str]:
    """A site of one board whose clock goes on by a minute with every request."""
    site = Site((board(panel_json("timeseries")),), prometheus)
    minutes = count()
    with server(site, 0, lambda: END + 60 * next(minutes)) as serves, looping(serves) as url:
        yield url


def page(query: str) -> tuple[str, Asked]:
    """A page, and what Prometheus was asked for it."""
    with prometheus() as (there, asked), serving(there.url) as url:
        answer = requests.get(f"{url}/d/made{query}", timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text, asked


def test_each_request_shows_the_present() -> None:
    with answering(200, EMPTY) as prometheus, serving(prometheus) as url:
        first, second = (requests.get(f"{url}/d/made", timeout=10).text for _ in range(2))
    assert "22:10:00 to 22:15:00 UTC" in first
    assert "22:11:00 to 22:16:00 UTC" in second


@pytest.mark.parametrize(
    ("query", "start", "end", "words"),
    [
        ("", END - 300, END, "Last 5 minutes"),
        ("?from=now-1h&to=now", END - 3600, END, "Last 1 hour"),
        ("?from=now-2h&to=now-1h", END - 7200, END - 3600, "now-2h to now-1h"),
        ("?from=now-90s", END - 90, END, "now-90s to now"),
        ("?from=1699999200000&to=1699999260000", 1_699_999_200, 1_699_999_260, "to 22:01:00 UTC"),
    ],
)
def test_an_address_chooses_the_time_as_in_grafana(
    query: str, start: float, end: float, words: str
) -> None:
    text, asked = page(query)
    ranges = [each for path, each in asked if path == "/api/v1/query_range"]
    step = int(ranges[0]["step"][0])
    assert float(ranges[0]["start"][0]) == start // step * step
    assert float(ranges[0]["end"][0]) == end // step * step
    summary = re.search("<summary[^>]*>(.*?)</summary>", text)
    assert summary
    assert words in summary[1] or words in summary[0]


def test_an_address_chooses_the_theme_and_links_keep_what_was_chosen() -> None:
    text, _ = page("?from=now-1h&theme=light")
    assert 'class="light"' in text
    assert 'href="/d/made?from=now-1h&amp;theme=light"' in text
    assert 'href="/d/made?from=now-15m&amp;theme=light&amp;to=now"' in text


@pytest.mark.parametrize("server", ["a", 'a"}) or vector(1)#', "<b>$server"])
def test_an_address_chooses_a_server_also_one_that_is_gone(server: str) -> None:
    with prometheus() as (there, _), serving(there.url) as url:
        text = requests.get(f"{url}/d/made", {"var-server": server}, timeout=10).text
    escaped = server.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    assert f'<option value="{escaped}" selected>{escaped}</option>' in text
    assert text.count("<option") - text.count("<select") >= 3


def test_a_typed_time_is_text_not_markup() -> None:
    text, _ = page("?from=2023-11-14<22:00:00")
    assert "14&lt;22:00" in text
    assert "14<22" not in text


def test_parameters_of_grafana_without_a_meaning_here_are_ignored_and_all_is_no_choice() -> None:
    text, _ = page("?orgId=1&var-datasource=x&var-server=$__all&from=now-5m")
    assert '<option value="" selected>All</option>' in text


def test_the_first_page_lists_the_boards() -> None:
    with serving(CLOSED) as url:
        assert '<a href="/d/made">Made by hand</a>' in requests.get(f"{url}/", timeout=10).text


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/absent", 404, 'no page "/absent"; / lists the boards\n'),
        ("/made.html", 404, "/ lists the boards\n"),
        ("/static/../live.py", 404, "/ lists the boards\n"),
        ("/d/made?from=5m", 400, '"5m" is not a time: now, now-15m, 2026-01-31 12:00:00'),
        ("/d/made?from=now&to=now-1h", 400, "the time range must begin after 1970 and before"),
        ("/d/made?from=now-999999d", 400, "the time range must begin after 1970 and before"),
        ("/d/made?theme=pink", 400, 'theme "pink": known are dark, light\n'),
        ("/d/made?refresh=1ms", 400, 'refresh "1ms": known are off, 5s,'),
        (
            "/d/made?server=a",
            400,
            'parameter "server": known are var-server, var-tags, from, to, refresh, theme',
        ),
        ("/d/made", 502, f"{CLOSED}/api/v1/series: "),
    ],
)
def test_what_cannot_be_shown_is_one_line(path: str, status: int, problem: str) -> None:
    with serving(CLOSED) as url:
        answer = requests.get(f"{url}{path}", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/plain; charset=utf-8",
    )
    assert problem in answer.text
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("boards.localhost", 200),
        ("[::1]:{port}", 200),
        ("192.0.2.7", 403),
        ("evil.example", 403),
        ("evil.example:{port}", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_only_names_and_addresses_of_this_machine_are_answered(host: str, status: int) -> None:
    """Otherwise another site's page could read the boards by DNS rebinding."""
    with serving(CLOSED) as url:
        port = urlsplit(url).port
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        asking.request("GET", "/", headers={"Host": host.format(port=port)})
        assert asking.getresponse().status == status
        asking.close()


def test_every_answer_allows_no_script_but_our_own() -> None:
    with serving(CLOSED) as url:
        answers = [requests.get(f"{url}{path}", timeout=10) for path in ("/", "/d/made", "/x")]
    for each in answers:
        policy = each.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; connect-src 'self'" in policy
        assert each.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_has_no_inline_script_and_its_scripts_are_served() -> None:
    text, _ = page("")
    scripts = re.findall("<script([^>]*)>", text)
    assert {each for each in scripts if "src=" not in each} == {' type="application/json"'}
    with serving(CLOSED) as url:
        for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
            assert requests.get(f"{url}{name}", timeout=10).status_code == 200
