"""What other processes of this machine can learn of this one: a stdio server is one of them."""

import ctypes
import os
from collections.abc import Iterable

_PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None)


def erase(variables: Iterable[str]) -> None:
    """Take variables out of the environment, also where /proc/<pid>/environ shows it from."""
    _LIBC.getenv.restype = ctypes.c_void_p
    for name in variables:
        address = _LIBC.getenv(os.fsencode(name))
        if address is not None:
            ctypes.memset(address, 0, len(ctypes.string_at(address)))
        os.environ.pop(name, None)


def forbid_inspection() -> None:
    """Close memory, environment and files under /proc to processes of the same user (Linux)."""
    prctl = getattr(_LIBC, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
