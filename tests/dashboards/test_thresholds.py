"""Thresholds: one frozen value, and one line for each mistake in a file of them."""

import dataclasses
from pathlib import Path

import pytest

from dashboards import ALERTS
from dashboards.alerts import Alert
from dashboards.bundles import monitoring_bundle
from dashboards.rules import rules_document
from dashboards.thresholds import DEFAULTS, NAMES, ThresholdError, Thresholds, parse, read, reason


def test_thresholds_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.error_ratio = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", NAMES)
def test_every_threshold_has_a_reason(name: str) -> None:
    assert len(reason(name)) > 30


@pytest.mark.parametrize("name", NAMES)
def test_every_threshold_decides_about_a_rule(name: str) -> None:
    assert rules_document(_other(name)) != rules_document()


def test_every_threshold_is_named_by_an_alert_that_it_decides_about() -> None:
    assert {name for alert in ALERTS for name in alert.threshold_keys} == set(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_names_the_thresholds_that_decide_about_it(alert: Alert) -> None:
    """Those that change its condition; which calls are slow is decided in what it reads."""
    deciding = {
        name
        for name in NAMES
        for other in monitoring_bundle(thresholds=_other(name)).every_alert
        if other.name == alert.name and str(other.condition) != str(alert.condition)
    }

    assert deciding == set(alert.threshold_keys) - {"slow_seconds"}


def _other(name: str) -> Thresholds:
    value = {"slow_seconds": 5, "slo_fast": 0.96}.get(name, getattr(DEFAULTS, name) * 0.99)
    return parse({name: value})


def test_what_a_file_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("# mine\nlatency_seconds: 5\n")

    assert read(path) == dataclasses.replace(DEFAULTS, latency_seconds=5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("error_rate: 1", "unknown threshold 'error_rate'; did you mean error_ratio?"),
        ("colour: red", "unknown threshold 'colour'; known are slo_success, slo_fast,"),
        ("1: 2", "unknown threshold 1; known are slo_success"),
        ("error_ratio: high", "\"error_ratio\" is 'high'; it must be a number"),
        ("error_ratio: true", '"error_ratio" is True; it must be a number'),
        ("error_ratio:", '"error_ratio" is None; it must be a number'),
        ("error_ratio: [1]", '"error_ratio" is [1]; it must be a number'),
        ("error_ratio: 1.5", '"error_ratio" is 1.5; it must be from 0 to 1'),
        ("error_ratio: .nan", '"error_ratio" is nan; it must be from 0 to 1'),
        ("burn_calls: .inf", '"burn_calls" is inf; it must be from 1 to 1e+06'),
        ("slow_seconds: 3", '"slow_seconds" is 3; it must be 0.01, 0.02, 0.05,'),
        ("slo_success: 0.9", '"slo_success" is 0.9; it must be from 0.95 to 0.9999'),
        ("- error_ratio", "list found; it must be a mapping of thresholds"),
        ("error_ratio: 0.1\nerror_ratio: 0.2", '"error_ratio" is there twice; keep one'),
        ("", "no threshold in it; add one, such as error_ratio: 0.1"),
        ("# error_ratio: 0.1", "no threshold in it; add one, such as"),
        ("{}", "no threshold in it; add one, such as"),
        (f"error_ratio: 1{'0' * 400}", '"error_ratio" is 1000000'),
    ],
)
def test_a_mistake_in_a_file_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)

    with pytest.raises(ThresholdError) as refused:
        read(path)

    assert str(refused.value).startswith(f'"{path}": {line}')
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"a: [", "is not YAML: while parsing a flow node"),
        (b"error_ratio: 2026-13-01", "is not YAML: month must be in 1..12"),
        (b"error_ratio: 1" + b"0" * 5000, "is not YAML: Exceeds the limit"),
        (b"[" * 5000, "is not YAML: maximum recursion depth exceeded"),
    ],
)
def test_a_file_that_is_no_yaml_is_one_line(tmp_path: Path, content: bytes, line: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(content)

    with pytest.raises(ThresholdError) as refused:
        read(path)

    assert str(refused.value).startswith(f'"{path}" {line}')
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ThresholdError, match=f'^cannot read "{tmp_path}": Is a directory$'):
        read(tmp_path)
