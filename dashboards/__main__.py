"""python -m dashboards OUT: boards and rules as files; `import` sends the boards to a Grafana."""

import os
import signal
import sys


def _main() -> int:
    # While Python still imports modules there is nothing to clean up: let Ctrl-C end it quietly.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dashboards.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    return main(sys.argv[1:], os.environ)


if __name__ == "__main__":
    sys.exit(_main())
