"""The picture for documents."""

from xml.etree import ElementTree

from lab.watch.picture import svg
from tests.lab.watch.test_view import SNAPSHOT


def test_a_picture_is_small_and_needs_nothing_from_elsewhere() -> None:
    text = svg(SNAPSHOT)
    assert len(text.encode()) < 60_000
    assert "url(http" not in text
    drawn = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
    for each in ("make watch", "Parts: 4 of 5 ready", "12.3 req/s", "MCPCallsLost of echo-http"):
        assert each in drawn
