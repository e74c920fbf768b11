"""promtool at work: checks a rule document, and plays series to it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from dashboards.rules import rules_document

Labels = dict[str, str]
History = dict[str, str]
"""Series -> values at each minute, in promtool's notation: `0+6x20` rises by 6 for 20 minutes."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as promtool compares it: all labels, all annotations."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True)
class Promtool:
    """The program, and the folder for its files."""

    program: Path
    folder: Path

    def check(self, document: dict[str, object]) -> str:
        """What promtool has against a rule document; nothing if it is sound."""
        path = self._written("rules.yaml", document)
        return self._complaint("check", "rules", "--lint=all", "--lint-fatal", str(path))

    def alerts(self, history: History, name: str, expected: dict[str, list[Firing]]) -> str:
        """How alert `name` differs, at each time, from what is expected; nothing if it does not."""
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
        return self._play(history, {"alert_rule_test": tests})

    def values(self, history: History, time: str, expected: dict[str, dict[str, float]]) -> str:
        """How expressions differ at `time` from the expected samples; nothing if they do not."""
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
        return self._play(history, {"promql_expr_test": tests})

    def _play(self, history: History, tests: dict[str, object]) -> str:
        self._written("rules.yaml", rules_document())
        series = [{"series": name, "values": values} for name, values in history.items()]
        path = self._written(
            "test.yaml",
            {
                "rule_files": ["rules.yaml"],
                "evaluation_interval": "1m",
                "tests": [{"interval": "1m", "input_series": series, **tests}],
            },
        )
        return self._complaint("test", "rules", str(path))

    def _written(self, name: str, document: dict[str, object]) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return path

    def _complaint(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr
