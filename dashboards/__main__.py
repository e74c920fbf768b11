"""python -m dashboards OUT: boards and rules as files; `import` sends the boards to a Grafana."""

import os
import sys

from dashboards.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
