"""python -m dashboards OUT: boards as OUT/dashboards/*.json, rules as OUT/rules/*.yaml."""

import sys

from dashboards.write import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
