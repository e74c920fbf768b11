"""Amounts of memory as Kubernetes writes them."""

import math
import re

_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_UNITS |= {"Ti": 2**40, "m": 1e-3, "P": 1e15, "Pi": 2**50, "E": 1e18, "Ei": 2**60}


def mebibytes(amount: str) -> int:
    """An amount of memory in MiB, rounded up."""
    found = re.fullmatch(r"([\d.]+)([A-Za-z]*)", amount)
    assert found, amount
    return math.ceil(float(found[1]) * _UNITS[found[2]] / 2**20)
