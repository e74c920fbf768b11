"""The tools that are approved in a local run are those that the echo server lists."""

from lab.echo.messages import TOOLS
from lab.local.run_options import APPROVED_TOOLS, HTTP_SERVER
from proxy.telemetry.catalogue import ToolChange
from proxy.telemetry.ledger import Ledger
from proxy.tools import baseline_file
from proxy.tools.tool_lists import ToolLists
from tests.proxy.tools.lists import ScriptedLister


def test_the_tools_of_the_echo_server_are_the_approved_ones() -> None:
    approved = baseline_file.read("approved", str(APPROVED_TOOLS))
    ledger = Ledger(HTTP_SERVER, "streamable-http")
    known = baseline_file.of_server(approved, HTTP_SERVER, alone=True)
    ScriptedLister(ToolLists(ledger, known)).get(TOOLS)
    assert ledger.baseline_differences == dict.fromkeys(ToolChange, 0)
