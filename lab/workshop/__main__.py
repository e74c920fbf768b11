"""`python -m lab.workshop`."""

import sys

from lab.signals import run_command

if __name__ == "__main__":
    sys.exit(run_command("lab.workshop.run"))
