"""The command `lab` of a node: hands its words and its terminal to the lab's control."""

from __future__ import annotations

import json
import socket
import sys

CONTROL = "/run/lab/control"


def main() -> None:
    """Exit with the command's code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(CONTROL)
        socket.send_fds(connection, [json.dumps(sys.argv[2:]).encode()], [0, 1, 2])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile().read()
    code, text = json.loads(answer or '[1, "lab: no answer"]')
    print(text, end="", file=sys.stderr if code else sys.stdout)
    sys.exit(code)
