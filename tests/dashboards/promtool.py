"""promtool at work: checks a rule document, and plays series to it."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from dashboards.rules import rules_document
from dashboards.thresholds import Thresholds, parse

_DEADLINE_SECONDS = 600
"""Far more than the seconds of CPU that many replays take, for a machine with much else to do."""

Labels = dict[str, str]
Groups = list[dict[str, list[dict[str, object]]]]
History = dict[str, str]
"""Series -> values at each minute, in promtool's notation: `0+6x20` rises by 6 for 20 minutes."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as promtool compares it: all labels, all annotations."""

    labels: Labels
    annotations: Labels


class Play(Protocol):
    """What happens: a history, the time between its samples and between evaluations."""

    @property
    def title(self) -> str: ...
    @property
    def history(self) -> History: ...
    @property
    def every(self) -> str: ...
    @property
    def given(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Replay:
    """A history and what must come of it under some rules, both as promtool reads them."""

    rules: str
    test: str


@dataclass(frozen=True, slots=True)
class _History:
    history: History
    every: str
    given: Mapping[str, float] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Promtool:
    """The program, the folder for its files, and the rules that it is given.

    Most of a call is starting the program: `replays` takes many at once.
    """

    program: Path
    folder: Path
    rules: Callable[[Thresholds], dict[str, object]] = rules_document

    def check(self, document: dict[str, object]) -> str:
        """What promtool has against a rule document; nothing if it is sound."""
        path = self.folder / "rules.yaml"
        path.write_text(_yaml(document), encoding="utf-8")
        return self._complaint("check", "rules", "--lint=all", "--lint-fatal", str(path))

    def replay(
        self,
        play: Play,
        name: str,
        expected: dict[str, list[Firing]],
        answered: Mapping[str, str] = {},
    ) -> Replay:
        """Alert `name` at each time; and, by time, a query that must have data, not only NaN."""
        tests = [
            {
                "eval_time": time,
                "alertname": name,
                "exp_alerts": [
                    {"exp_labels": each.labels, "exp_annotations": each.annotations}
                    for each in firing
                ],
            }
            for time, firing in expected.items()
        ]
        asked = [
            {
                "expr": f"group(({expr}) == ({expr}))",
                "eval_time": time,
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for time, expr in answered.items()
        ]
        rules = self._only({name} | _records(answered.values()), play.given)
        return _replay(rules, play, {"alert_rule_test": tests, "promql_expr_test": asked})

    def values(
        self, history: History, time: str, expected: dict[str, dict[str, float]], every: str = "1m"
    ) -> str:
        """How expressions differ at `time` from the expected samples; nothing if they do not."""
        return self.replays([self.replay_values(history, time, expected, every)])

    def replay_values(
        self,
        history: History,
        time: str,
        expected: dict[str, dict[str, float]],
        every: str = "1m",
        title: str = "",
    ) -> Replay:
        """What `values` plays."""
        tests = [
            {
                "expr": expr,
                "eval_time": time,
                "exp_samples": [
                    {"labels": labels, "value": value} for labels, value in samples.items()
                ],
            }
            for expr, samples in expected.items()
        ]
        play = _History(history, every, title=title)
        rules = self._only(_records(expected), {})
        return _replay(rules, play, {"promql_expr_test": tests})

    def firing(self, history: History, times: tuple[str, ...]) -> str:
        """Which alerts fire at any of the times, under all rules; nothing if none does."""
        return self.replays([self.silence(history, times)])

    def silence(self, history: History, times: tuple[str, ...]) -> Replay:
        """What `firing` plays."""
        tests = [
            {"expr": 'ALERTS{alertstate="firing"}', "eval_time": time, "exp_samples": []}
            for time in times
        ]
        play = _History(history, "1m")
        return _replay(self.rules(parse({})), play, {"promql_expr_test": tests})

    def replays(self, every: Iterable[Replay]) -> str:
        """How what comes of any of them differs from what must; nothing if all is as it must be."""
        tests = []
        for number, each in enumerate(every):
            folder = self.folder / str(number)
            folder.mkdir(exist_ok=True)
            (folder / "rules.yaml").write_text(each.rules, encoding="utf-8")
            (folder / "test.yaml").write_text(each.test, encoding="utf-8")
            tests.append(str(folder / "test.yaml"))
        output = self._complaint("test", "rules", *tests) if tests else ""
        return "\n".join(
            each for each in output.splitlines() if each.strip() not in ("", "SUCCESS")
        )

    def _only(self, names: set[str], given: Mapping[str, float]) -> dict[str, object]:
        """These rules and what they read, rules of rules included: others would only take time."""
        groups = cast(Groups, self.rules(parse(given))["groups"])
        wanted = set(names)
        while more := _read_by(wanted, groups) - wanted:
            wanted |= more
        kept = [
            {**group, "rules": [rule for rule in group["rules"] if _name(rule) in wanted]}
            for group in groups
        ]
        return {"groups": [group for group in kept if group["rules"]]}

    def _complaint(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, *arguments],
            capture_output=True,
            text=True,
            timeout=_DEADLINE_SECONDS,
            check=False,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr


def _replay(rules: dict[str, object], play: Play, tests: dict[str, object]) -> Replay:
    series = [{"series": name, "values": values} for name, values in play.history.items()]
    test: dict[str, object] = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": play.every,
        "tests": [{"name": play.title, "interval": play.every, "input_series": series, **tests}],
    }
    return Replay(_yaml(rules), _yaml(test))


def _yaml(document: dict[str, object]) -> str:
    return json.dumps(document)  # JSON is YAML, and quick


def _name(rule: Mapping[str, object]) -> str:
    return str(rule.get("record") or rule["alert"])


def _read_by(names: set[str], groups: Groups) -> set[str]:
    rules = [rule for group in groups for rule in group["rules"]]
    exprs = (str(rule["expr"]) for rule in rules if _name(rule) in names)
    return _records(exprs)


def _records(exprs: Iterable[str]) -> set[str]:
    return {word for expr in exprs for word in re.findall(r"(?:mcp|toolhive):[a-z0-9_:]+", expr)}
