"""`python -m lab.preview [--prometheus URL] [--server NAME] [--from 5m] [--out FOLDER]`."""

import sys

from lab.preview.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
