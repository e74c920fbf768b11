"""Live pages are drawn anew on every request, for what the address asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
import requests

from lab.preview.asking import Choice
from lab.preview.colours import Mode
from lab.preview.live import Site, server
from lab.preview.window import Window
from tests.http_edge import looping
from tests.lab.preview.made import END, board, panel_json
from tests.lab.preview.scripted_prometheus import prometheus
from tests.lab.scripted import answering

NOBODY = "http://127.0.0.1:1"
EMPTY = {"data": {"resultType": "matrix", "result": []}}


@contextmanager
def serving(prometheus: str) -> Iterator[str]:
    """A site of one board whose clock goes on by a minute with every request."""
    site = Site((board(panel_json("stat")),), prometheus, Choice(Window(0.0, 300), {}), Mode.DARK)
    minutes = count()
    with server(site, 0, lambda: END + 60 * next(minutes)) as serves, looping(serves) as url:
        yield url


def test_each_request_shows_the_present() -> None:
    with answering(200, EMPTY) as prometheus, serving(prometheus) as url:
        first, second = (requests.get(f"{url}/made.html", timeout=10).text for _ in range(2))
    assert "to 22:15:00 UTC" in first
    assert "to 22:16:00 UTC" in second


def test_an_address_chooses_time_and_theme_and_links_keep_them() -> None:
    with answering(200, EMPTY) as prometheus, serving(prometheus) as url:
        page = requests.get(f"{url}/made.html?from=1h&theme=light", timeout=10).text
    assert "21:15:00 to 22:15:00 UTC" in page
    assert '<html lang="en" class="light">' in page
    assert 'href="made.html?from=1h&amp;theme=light"' in page


def test_an_address_chooses_a_server_among_those_that_are_known() -> None:
    with prometheus() as (there, _), serving(there.url) as url:
        chosen = requests.get(f"{url}/made.html?server=a", timeout=10)
        unknown = requests.get(f"{url}/made.html?server=z", timeout=10)
    assert "<dt>Server</dt><dd>a</dd>" in chosen.text
    assert unknown.status_code == 400
    assert "knows no such server; it knows a, b.c" in unknown.text


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("evil.example", 403)])
def test_a_page_of_elsewhere_cannot_read_the_boards_under_its_own_name(
    host: str, status: int
) -> None:
    with serving(NOBODY) as url:
        answer = requests.get(f"{url}/", headers={"host": host}, timeout=10)
    assert answer.status_code == status
    assert ("Made by hand" in answer.text) is (status == 200)


def test_the_first_page_lists_the_boards() -> None:
    with serving(NOBODY) as url:
        assert '<a href="made.html">Made by hand</a>' in requests.get(f"{url}/", timeout=10).text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/absent.html", 404, 'no page "/absent.html"; / lists the boards\n'),
        ("/made.html?from=soon", 400, '"soon" is no duration'),
        ("/made.html?theme=pink", 400, 'theme "pink": known are dark, light\n'),
        (
            "/made.html?tenant=a",
            400,
            'parameter "tenant": known are server, tags, trace, from, theme',
        ),
        ("/made.html", 502, f"{NOBODY}/api/v1/query_range: "),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(path: str, status: int, told: str) -> None:
    with serving(NOBODY) as url:
        answer = requests.get(f"{url}{path}", timeout=10)
    assert answer.status_code == status
    assert told in answer.text
    assert answer.text.count("\n") == 1
