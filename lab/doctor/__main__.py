"""`python -m lab.doctor`."""

import sys

from lab.doctor.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
