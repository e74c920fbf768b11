"""What is missing of each exercise, by what Prometheus has measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.doctor.call import CLIENT as DOCTOR
from lab.local.running_demo import Demo
from lab.prometheus_api import Prometheus
from lab.workshop.call import CLIENT
from proxy.faults import injections
from proxy.telemetry.catalogue import (
    CLIENT_CALLS,
    CLIENT_RESULTS,
    OPERATION_DURATION,
    OUTCOMES,
    OVERHEAD,
    RESULT_BUCKETS,
    RESULT_SIZE,
    TOOL_CALLS,
    TOOL_DEFINITION_SIZE,
    UPSTREAM_UP,
    Outcome,
)
from stacks.charts import Component

ALERT = "MCPCollectorQueueFilling"
"""The alert of exercise 6."""

WINDOW = "10m"
"""How far back a check looks for what the participant has done."""

SOME_CALLS = 20
FEW_CALLS = 3
SLOW_SECONDS = 0.5
"""A bound of the histograms, far above what the demo's servers need."""

LARGE_BYTES = RESULT_BUCKETS[1]
"""A page of text has more."""


class Missing(Exception):
    """What an exercise still lacks, and where to look; one line."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what}; {where}")


@dataclass(frozen=True, slots=True)
class Solution:
    """What a participant has found, and the demo or cluster."""

    demo: Demo
    answer: str

    @property
    def prometheus(self) -> Prometheus:
        return Prometheus(self.demo.prometheus)

    def total(self, expr: str) -> float:
        """The only value of an expression; 0 without one."""
        return sum(each.value for each in self.prometheus.query(expr))

    def largest(self, expr: str, label: str) -> str:
        """The label of the largest value; "" without one."""
        found = self.prometheus.query(f"topk(1, {expr})")
        return found[0].labels.get(label, "") if found else ""


@dataclass(frozen=True, slots=True)
class Exercise:
    """`check` raises Missing; `asks` says which answer it needs, "" for none."""

    check: Callable[[Solution], None]
    asks: str = ""


def _calls_seen(found: Solution) -> None:
    for outcome in (Outcome.OK, Outcome.TOOL_ERROR):
        series = f'{CLIENT_CALLS.series}{{client="{CLIENT}",outcome="{outcome}"}}'
        if not found.total(series):
            raise Missing(
                f"Prometheus has no call of the client {CLIENT!r} with the outcome {outcome}",
                "send one by python -m lab.workshop call",
            )


def _proxies_scraped(found: Solution) -> None:
    if not found.total(f"count(up == 1 and on (job) {UPSTREAM_UP.series})"):
        raise Missing(
            "Prometheus scrapes no proxy: their metrics reach it through the collector",
            "see the table in docs/architectures.md, and start the demo with another ARCH=",
        )


def _fault_found(found: Solution) -> None:
    failed = f'increase({OUTCOMES.series}{{outcome!="{Outcome.OK}"}}[{WINDOW}])'
    fault = found.largest(f"sum by (fault) ({failed}) > {SOME_CALLS}", "fault")
    if not fault:
        raise Missing(f"few calls have failed in the last {WINDOW}", "let the agent call again")
    _compare(found, fault, 'board MCP / Server, panel "Errors by fault"')


def _tool_found(found: Solution) -> None:
    failed = f'increase({TOOL_CALLS.series}{{status="error"}}[{WINDOW}])'
    tools = found.prometheus.query(f"topk(1, sum by (server, tool) ({failed}) > {SOME_CALLS})")
    if not tools:
        raise Missing(f"no tool has failed {SOME_CALLS} times in {WINDOW}", "switch the fault on")
    labels = tools[0].labels
    _compare(
        found, f"{labels['server']}/{labels['tool']}", 'board MCP / Tools, panel "Most errors"'
    )


def _hop_found(found: Solution) -> None:
    calls = f'{OPERATION_DURATION.series}_bucket{{mcp_method_name="tools/call",le="%s"}}[{WINDOW}]'
    slow = f"sum(increase({calls % '+Inf'})) - sum(increase({calls % SLOW_SECONDS}))"
    if found.total(slow) < FEW_CALLS:
        raise Missing(
            f"few calls of the last {WINDOW} took longer than {SLOW_SECONDS} s",
            "switch the fault on, and wait for a few calls",
        )
    added, whole = (
        found.total(f"sum(increase({each.series}_sum[{WINDOW}]))")
        for each in (OVERHEAD, OPERATION_DURATION)
    )
    hop = "server" if added < whole / 2 else "proxy"
    _compare(found, hop, 'board MCP / Latency, panel "One trace"')


def _alert_cleared(found: Solution) -> None:
    firing = 'ALERTS{alertstate="firing",alertname="%s"}'
    if not found.total(f"count(last_over_time({firing % ALERT}[{WINDOW}]))"):
        raise Missing(f"{ALERT} has not fired in the last {WINDOW}", "switch the fault on")
    if found.total(f"count({firing % ALERT})"):
        raise Missing(f"{ALERT} still fires", f"see {ALERT} in dashboards/RUNBOOK.md")


def _loss_proved(found: Solution) -> None:
    scraped = f'up{{job=~".*{Component.COLLECTOR}.*"}}'
    if not found.total(f"count(min_over_time({scraped}[{WINDOW}]) == 0)"):
        raise Missing(f"the collector has not been away in the last {WINDOW}", "stop it")
    if not found.total(f"count({scraped} == 1)"):
        raise Missing("the collector is still away", "see what make doctor says")
    doctor = f'max_over_time({CLIENT_CALLS.series}{{client="{DOCTOR}"}}[{WINDOW}])'
    if not found.total(f"count({doctor})"):
        raise Missing("no call of the doctor is counted since", "make doctor")


def _context_found(found: Solution) -> None:
    # Exposition formats write the bound with and without .0.
    short = f'{RESULT_SIZE.series}_bucket{{target="echo",le=~"{LARGE_BYTES}(.0)?"}}'
    every = f'{RESULT_SIZE.series}_count{{target="echo"}}'
    if found.total(f"sum({every}) - sum({short})") < 1:
        raise Missing(
            f"no call of the tool echo has returned more than {LARGE_BYTES} bytes",
            "let it return some pages of text",
        )
    tool = found.largest(f"sum by (tool) ({TOOL_DEFINITION_SIZE.series})", "tool")
    received = f"sum by (client) (increase({CLIENT_RESULTS.series}[{WINDOW}]))"
    _compare(
        found,
        f"{tool}/{found.largest(received, 'client')}",
        'board MCP / Context, panels "Largest definitions" and "Tokens per minute"',
    )


def _mystery_found(found: Solution) -> None:
    chosen = injections.read(Path(found.demo.faults)).mystery if found.demo.faults else None
    if chosen is None:
        raise Missing("no mystery was started", "python -m lab.fault mystery --seed N")
    _compare(found, chosen.fault, "docs/faults.md, and compare with what the boards show")


def _compare(found: Solution, right: str, where: str) -> None:
    if found.answer != right:
        raise Missing(f"{found.answer!r} is not the answer", f"look at {where}")


EXERCISES: Mapping[int, Exercise] = {
    1: Exercise(_calls_seen),
    2: Exercise(_proxies_scraped),
    3: Exercise(_fault_found, "whose fault it is: caller, server or proxy"),
    4: Exercise(_tool_found, "the tool that fails, as server/tool"),
    5: Exercise(_hop_found, "the slow hop: client, proxy or server"),
    6: Exercise(_alert_cleared),
    7: Exercise(_loss_proved),
    8: Exercise(_context_found, "the largest tool and the client that gets most, as tool/client"),
    9: Exercise(_mystery_found, "the name of the fault"),
}
"""The exercises of docs/workshop.md by number."""
