"""`python -m localcloud.ockam`: the `ockam` command."""

import sys

from localcloud.ockam.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
