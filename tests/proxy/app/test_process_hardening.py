"""What other processes of this machine learn of one that protects itself."""

import os
import subprocess
import sys

import pytest

from tests.integration.proxies import environment

SPY = """
import ctypes, os, sys
from proxy.app import process_hardening
if os.getuid() == 0:  # root may read everything
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a program is that was not root before
exec(sys.argv[1])
reading, writing = os.pipe()
if not os.fork():
    try:
        with open(f"/proc/{os.getppid()}/environ", "rb") as environ:
            found = environ.read().split(b"\\0")
        output = b" ".join(each for each in found if each.startswith((b"SECRET", b"OTHER")))
    except PermissionError:
        output = b"may not be read"
    os.write(writing, output)
    os._exit(0)
os.wait()
print(os.read(reading, 1000).decode(), sorted({"SECRET", "OTHER"} & {*os.environ}))
"""


@pytest.mark.parametrize(
    ("protection", "output"),
    [
        ("", "SECRET=canary OTHER=1 ['OTHER', 'SECRET']"),
        ("process_hardening.erase(('SECRET', 'ABSENT'))", "SECRET= OTHER=1 ['OTHER']"),
        ("process_hardening.forbid_inspection()", "may not be read ['OTHER', 'SECRET']"),
    ],
)
def test_a_process_of_the_same_user_reads_only_what_is_left(protection: str, output: str) -> None:
    ended = subprocess.run(
        (sys.executable, "-c", SPY, protection),
        env=environment(SECRET="canary", OTHER="1", PYTHONPATH=os.getcwd()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == output
