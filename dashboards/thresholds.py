"""Thresholds: every number that a rule compares with, each with default, reason and range.

`parse` reads them from a mapping, `read` from a YAML file.
"""

import reprlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from dashboards.cli_text import one_line
from proxy.suggestions import did_you_mean
from proxy.telemetry.catalogue import REQUEST_DURATION


class ThresholdError(ValueError):
    """An unusable threshold or file of thresholds; one line says which and why."""


def _setting(default: float, least: float, most: float, reason: str) -> Any:
    return field(default=default, metadata={"least": least, "most": most, "reason": reason})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What rules compare with; seconds, bytes, calls per second, or ratios up to 1."""

    slo_success: float = _setting(
        0.995, 0.95, 0.9999, "The objective: 0.5 % of calls may fail in 30 days."
    )
    slo_fast: float = _setting(
        0.95, 0.95, 0.9999, "The objective: 5 % of calls may take longer than slow_seconds."
    )
    slow_seconds: float = _setting(
        2, 0.01, 300, "A call that takes longer is slow; it must be a bound of the buckets."
    )
    burn_calls: float = _setting(
        10, 1, 1e6, "Fewer bad calls than this in a burn rate's long window are noise."
    )
    call_floor: float = _setting(
        0.05, 0, 1e3, "Calls per second of a server below which a ratio is noise: 15 in 5 minutes."
    )
    tool_call_floor: float = _setting(
        0.02, 0, 1e3, "Calls per second of a tool below which a ratio is noise: 6 in 5 minutes."
    )
    error_ratio: float = _setting(
        0.05, 0, 1, "5 % of calls fail: agents retry, and turns take long."
    )
    tool_error_ratio: float = _setting(
        0.5, 0, 1, "The tool fails more often than it works; guessing agents fail now and then."
    )
    initialize_error_ratio: float = _setting(
        0.5, 0, 1, "Most new clients get no session; one broken client alone stays below."
    )
    lost_ratio: float = _setting(
        0.02, 0, 1, "Calls without a response, lost or timed out: a healthy connection loses none."
    )
    latency_seconds: float = _setting(
        2, 0.001, 300, "5 % of calls take longer than this: a chain of calls takes a minute."
    )
    tool_latency_seconds: float = _setting(
        10, 0.001, 300, "A tool may do real work, but clients begin to give up here."
    )
    overhead_seconds: float = _setting(
        0.05, 0.0001, 0.1, "A proxy spends tens of microseconds; this is a thousand times as much."
    )
    loop_lag_seconds: float = _setting(
        0.25, 0.001, 2.5, "Every open call waits this long: the proxy is the bottleneck."
    )
    cpu_cores: float = _setting(
        0.9, 0.01, 64, "One proxy process uses one core at most: past this, calls queue."
    )
    memory_bytes: float = _setting(
        512 * 2**20, 2**20, 2**40, "A busy proxy stays below 150 MiB; where there is no limit."
    )
    memory_of_limit: float = _setting(
        0.9,
        0.1,
        1,
        "Of a container's memory limit: at 100 % the kernel kills a process in it.",
    )
    server_restarts: float = _setting(
        3, 0, 1e3, "In 15 minutes: one crash can happen, a crash loop should not."
    )
    proxy_restarts: float = _setting(
        2, 0, 1e3, "In an hour: a rollout and one crash are not a crash loop."
    )
    leaked_sessions: float = _setting(
        100, 1, 1e6, "More open than 6 hours ago, without more calls: clients do not end them."
    )
    leaked_streams: float = _setting(
        100, 1, 1e6, "More open than 6 hours ago, without more calls: clients do not close them."
    )
    series_per_family: float = _setting(
        10_000,
        100,
        1e7,
        "200 tools with both statuses on 25 pods; more is a label with unbounded values.",
    )
    queue_fill: float = _setting(
        0.8, 0.01, 1, "The rest holds less than a minute of a busy ingestion path."
    )
    usual_calls: float = _setting(
        0.01, 0, 1e3, "Calls per second yesterday above which none today is an alert: 36 an hour."
    )
    surge_factor: float = _setting(
        5, 1, 1e3, "Times the busiest hour of the day before: agents are bursty, loops are worse."
    )
    surge_floor: float = _setting(
        0.05, 0, 1e3, "Calls per second of a tool below which a surge is harmless: 180 an hour."
    )
    caller_fault_ratio: float = _setting(
        0.5, 0, 1, "Most calls are invalid: a client guesses, or was not updated."
    )
    rejected_rate: float = _setting(
        0.1, 0, 1e3, "Requests per second that the proxy rejects: 30 in 5 minutes are no accident."
    )
    context_growth: float = _setting(
        0.2, 0.01, 100, "A list or result this much larger than a week ago is noticed by users."
    )
    context_floor: float = _setting(
        1024, 1, 1e9, "Bytes of growth below which it is harmless: about 230 tokens."
    )
    openings_per_call: float = _setting(
        5, 1, 1e3, "Sessions opened per tool call: a client that reconnects instead of working."
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each, getattr(self, each.name))
        if self.slow_seconds not in REQUEST_DURATION.buckets:
            allowed = ", ".join(f"{each:g}" for each in REQUEST_DURATION.buckets)
            raise ThresholdError(f'"slow_seconds" is {self.slow_seconds:g}; it must be {allowed}')


def _check(setting: Field[Any], value: object) -> None:
    """Refuse what is not a number, or out of range; True and False are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ThresholdError(f'"{setting.name}" is {_shown(value)}; it must be a number')
    least, most = setting.metadata["least"], setting.metadata["most"]
    if not least <= value <= most:
        raise ThresholdError(
            f'"{setting.name}" is {_shown(value)}; it must be from {least:g} to {most:g}'
        )


_shown = reprlib.repr
"""In Python's notation, shortened."""


DEFAULTS = Thresholds()
NAMES = tuple(each.name for each in fields(Thresholds))


def reason(name: str) -> str:
    """Why the threshold's default is what it is."""
    return str(next(each for each in fields(Thresholds) if each.name == name).metadata["reason"])


def parse(given: object) -> Thresholds:
    """The defaults, replaced by what is given. Raises ThresholdError."""
    if not isinstance(given, Mapping):
        raise ThresholdError(f"{type(given).__name__} found; it must be a mapping of thresholds")
    for name in given:
        if name not in NAMES:
            hint = did_you_mean(str(name), NAMES) or f"known are {', '.join(NAMES)}"
            raise ThresholdError(f"unknown threshold {_shown(name)}; {hint.rstrip()}")
    return Thresholds(**given)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which plain YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise ThresholdError(f'"{key}" is there twice; keep one')
        return super().construct_mapping(node, deep)


def read(path: Path) -> Thresholds:
    """The thresholds of a YAML file. Raises ThresholdError with the file's name.

    An empty file is refused, as it would change nothing.
    """
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        if not found:
            raise ThresholdError("no threshold in it; add one, such as error_ratio: 0.1")
        return parse(found)
    except OSError as error:
        raise ThresholdError(f'cannot read "{path}": {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise ThresholdError(f'"{path}" is not UTF-8 text') from error
    except ThresholdError as error:
        raise ThresholdError(f'"{path}": {error}') from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ThresholdError(f'"{path}" is not YAML: {one_line(str(error))}') from error
