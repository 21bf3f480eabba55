"""The guest's side of the channel: runs what the host asks for, each line of JSON one question or answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import tty
from pathlib import Path
from typing import Any, Final

from vmlab.guest import leftovers

PORT: Final = "lab.agent"
PIECE: Final = 4096


class Agent:
    """Answers at the virtual serial port until the guest ends."""

    def __init__(self, port: int, baseline: leftovers.Baseline | None = None) -> None:
        self._port, self._baseline, self._lock = port, baseline, threading.Lock()

    def serve(self) -> None:
        """Read questions for ever; the first line tells that the guest is up, and closes one that a reset has torn."""
        with self._lock:
            self._write(b"\n")
        self._send({"up": True})
        rest = b""
        while True:
            *lines, rest = (rest + os.read(self._port, 65536)).split(b"\n")
            for line in lines:
                question = json.loads(line)
                threading.Thread(target=self._answer, args=(question,), daemon=True).start()

    def _answer(self, question: dict[str, Any]) -> None:
        try:
            answer = getattr(self, f"do_{question['do']}")(**question["with"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the host hears of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._send({"id": question["id"], "answer": answer})

    def _send(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._write(json.dumps(message).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._port, data[:PIECE]) :]

    def do_run(self, argv: list[str], stdin: str, timeout: float | None, environ: dict[str, str]) -> dict[str, Any]:
        """Run a command in a session of its own; after its timeout the session's processes are ended."""
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environ,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return {"code": 127, "stdout": "", "stderr": f"{error}\n", "late": False}
        late = False
        try:
            out, err = process.communicate(stdin.encode(), timeout)
        except subprocess.TimeoutExpired:
            late = True
            os.killpg(process.pid, signal.SIGKILL)
            out, err = _rest(process)
        texts = {"stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}
        return {"code": process.returncode, **texts, "late": late}

    def do_read(self, path: str) -> dict[str, Any]:
        """The text of a file."""
        return {"text": Path(path).read_bytes().decode()}

    def do_write(self, path: str, text: str, mode: int) -> dict[str, Any]:
        """Put a file in its place in one step, and the folders above it."""
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f".{place.name}.new")
        new.write_text(text, encoding="utf-8")
        new.chmod(mode)
        new.rename(place)
        return {}

    def do_exists(self, path: str) -> dict[str, Any]:
        """Something is there, and if it is a link, also what it leads to."""
        return {"found": Path(path).exists()}

    def do_clean(self) -> dict[str, Any]:
        """Take the guest back to where it was after its boot; what can't be taken back."""
        return {"left": leftovers.remove(self._baseline) if self._baseline else ["all: it is for one test"]}


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What an ended process wrote; something outside its session may hold the pipes."""
    try:
        return process.communicate(timeout=1)
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", error.stderr or b""


def _port() -> int:
    for name in Path("/sys/class/virtio-ports").glob("*/name"):
        if name.read_text(encoding="ascii").strip() == PORT:
            return os.open(f"/dev/{name.parent.name}", os.O_RDWR)
    raise SystemExit(f"no virtual serial port {PORT}")


def _terminal(path: str) -> int:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    return port


if __name__ == "__main__":
    (Agent(_terminal(sys.argv[1])) if len(sys.argv) > 1 else Agent(_port(), leftovers.baseline())).serve()
