"""How many series a fleet has: those of one real proxy with so many tools and clients, times it.

Every client calls every tool, and of each class of tools one fails for it. Run
`python -m tests.bench.series`; it takes half a minute.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from lab.load.client import Call, Client
from lab.local import programs
from lab.local.addresses import choose
from lab.local.pipeline import launch
from lab.local.processes import Processes
from proxy.telemetry.catalogue import Outcome
from tests.bench.many_tools import listed

SERVERS, TOOLS, CLIENTS = 200, 50, 50
OF_A_SCRAPE = 5
"""Series that Prometheus itself adds for a target: up and scrape_*."""


def series_of_one(tools: int, clients: int) -> Counter[str]:
    """The series of one server's proxy by family, once every client has called every tool."""
    addresses = choose(["many"])
    mcp, metrics = addresses.proxies["many"]
    listening = ("--server-name", "many", "--listen", mcp, "--metrics-listen", metrics)
    server = ("--", sys.executable, "-m", "tests.bench.many_tools", str(tools))
    arguments = (*listening, "--stdio-sharing", "on", *server)
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        launch(programs.proxy("many", metrics, {}, arguments), processes)
        for number in range(clients):
            _use(f"http://{mcp}/mcp", tools, f"client-{number:02}")
        with urlopen(f"http://{metrics}/metrics", timeout=10) as page:
            return _counted(page.read().decode())


def _use(url: str, tools: int, name: str) -> None:
    names = [listed(number)["name"] for number in range(tools)]
    with Client(url, name=name) as client:
        client.request("tools/list", {})
        client.request("ping", {})
        for tool in names:
            client.call(Call(tool, Outcome.OK))
        for tool in names[:3]:
            client.call(Call(tool, Outcome.TOOL_ERROR, {"fail": "yes"}))


def _counted(page: str) -> Counter[str]:
    families = text_string_to_metric_families(page)
    return Counter({each.name: len(each.samples) for each in families if each.samples})


def main() -> None:
    """Print the series of one server by family, and those of the fleet."""
    found = series_of_one(TOOLS, CLIENTS)
    for family, number in found.most_common():
        print(f"{number:8,}  {family}")
    one = found.total() + OF_A_SCRAPE
    print(f"{one:8,}  of a server with {TOOLS} tools and {CLIENTS} clients")
    print(f"{one * SERVERS:8,}  of {SERVERS} servers")


if __name__ == "__main__":
    main()
