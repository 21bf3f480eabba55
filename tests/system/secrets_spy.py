"""A spy in a node: every argument list and environment that it sees below /proc, each once, is written to a file, as bytes in hex.

Run as a program: FILE. It ends with its node.
"""

import sys
import time
from contextlib import suppress
from pathlib import Path

PAUSE = 0.02  # seconds


def main() -> None:
    """Look often enough to see each command of ours, which takes longer."""
    seen = set[bytes]()
    with Path(sys.argv[1]).open("w", buffering=1, encoding="ascii") as file:
        while True:
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):  # it has ended meanwhile
                        found = (process / name).read_bytes()
                        if found not in seen:
                            seen.add(found)
                            file.write(found.hex() + "\n")
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
