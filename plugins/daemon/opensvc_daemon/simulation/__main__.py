"""`python -m opensvc_daemon.simulation --seeds 2000`."""

from __future__ import annotations

import sys

from opensvc_daemon.simulation.many import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
