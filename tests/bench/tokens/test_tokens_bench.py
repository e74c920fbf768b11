"""The bench of bytes per token: what it writes, and how it asks a server."""

import json
import os
import re

import pytest

from proxy.telemetry.catalogue import BYTES_PER_TOKEN
from tests.bench.tokens.__main__ import REPORT
from tests.bench.tokens.asking import ListFailed, listed
from tests.bench.tokens.report import TOLERANCE, Measured, document
from tests.integration.pairs import SDK_SERVER


def test_a_list_that_is_estimated_badly_is_named() -> None:
    near = Measured("near@1", 2, int(1000 * BYTES_PER_TOKEN), 1000)
    off = Measured("off@1", 1, int(1200 * BYTES_PER_TOKEN), 1000)
    text = document([off, near])
    assert "Of 2 lists 1 are estimated within 10%. Off: off@1, by +20.0%." in text
    assert text.index("near@1") < text.index("off@1")


def test_the_documented_lists_are_of_twenty_servers_within_ten_percent_but_one() -> None:
    rows = re.findall(
        r"^\| (\S+) \| (\d+) \| (\d+) \| (\d+) \|", REPORT.read_text(encoding="utf-8"), re.MULTILINE
    )
    measured = [Measured(name, *map(int, numbers)) for name, *numbers in rows]
    assert len(measured) >= 20
    assert [each.server for each in measured if abs(each.error) > TOLERANCE] == [
        "@wonderwhy-er/desktop-commander@0.2.52"
    ]
    assert document(measured) == REPORT.read_text(encoding="utf-8")


def test_a_server_is_asked_as_its_clients_do() -> None:
    tools = listed("sdk", (*SDK_SERVER, "stdio"), os.environ)
    assert {"echo", "fail"} <= {each["name"] for each in json.loads(tools)}
    assert '":{"properties":{' in tools


@pytest.mark.parametrize("command", [("false",), ("cat",)])
def test_a_program_that_is_no_server_is_named(command: tuple[str, ...]) -> None:
    with pytest.raises(ListFailed, match="^it: "):
        listed("it", command, os.environ)
