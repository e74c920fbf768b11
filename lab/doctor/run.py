"""Check each hop in order, and report: the command."""

import os
import signal
import sys
from collections.abc import Sequence

from lab.arguments import UsageError
from lab.doctor.cluster.examine import examine_on
from lab.doctor.cluster.find_stack import find_stack
from lab.doctor.finding import examine
from lab.doctor.options import Hops, parse


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 nothing is lost, 1 a hop lost the call, 2 usage error.

    3 is that nothing is lost so far, but `--wait` ended before a hop was due to show the call.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        chosen = parse(arguments)
        stack = None if isinstance(chosen, Hops) else find_stack(chosen.cluster, os.environ)
    except UsageError as mistake:
        print(f"doctor: {mistake}", file=sys.stderr)
        return 2
    if isinstance(chosen, Hops):
        print(f"server {chosen.server} at {chosen.mcp}", flush=True)
        findings = examine(chosen, _report_wait)
    else:
        assert stack is not None
        print(stack, flush=True)
        findings = examine_on(stack, chosen.token, chosen.wait, _report_wait)
    code = 0
    try:
        for finding in findings:
            print(finding, flush=True)
            if finding.is_lost:
                return 1
            code = 3 if finding.undetermined else code
    except KeyboardInterrupt:
        return 130
    return code


def _report_wait(hop: str, text: str) -> None:
    print(f"wait  {hop}: {text}", flush=True)
