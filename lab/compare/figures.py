"""Figures as texts. Pure."""

from math import isnan

from lab.verify.result import MIB

NONE = "-"


def seconds(value: float) -> str:
    """Two significant digits below 10 s, whole seconds above."""
    if isnan(value):
        return NONE
    if value >= 10 or not value:
        return f"{value:.0f} s"
    return f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def microseconds(value: float | None) -> str:
    """Of a value in seconds."""
    return NONE if value is None else f"{value * 1e6:,.0f} µs"


def mebibytes(value: float) -> str:
    """Of a value in bytes."""
    return f"{value / MIB:,.0f} MiB"


def percent(share: float) -> str:
    """Of a share of 1."""
    return f"{share * 100:.1f} %"
