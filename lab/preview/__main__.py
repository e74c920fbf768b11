"""`python -m lab.preview [--prometheus URL] [--server NAME] [--from 5m] [--out FOLDER]`."""

import sys

from lab.signals import run_command

if __name__ == "__main__":
    sys.exit(run_command("lab.preview.run"))
