"""`python -m lab.demo [ARCH] [--once]`."""

import signal
import sys


def _main() -> int:
    # Nothing to end yet: while Python still reads modules, Ctrl-C just ends it, without a trace.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lab.demo.run import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())
