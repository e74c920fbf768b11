"""`python -m lab.watch`."""

import signal
import sys


def _main() -> int:
    # While Python still imports modules there is nothing to clean up: let Ctrl-C end it quietly.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lab.watch.run import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())
