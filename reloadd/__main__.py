"""`python -m reloadd`: the same as the `reloadd` command."""

import sys

from reloadd.cli import main

if __name__ == "__main__":
    sys.exit(main())
