"""`python -m sundog`."""

import sys

from sundog.cli import main

if __name__ == "__main__":
    sys.exit(main())
