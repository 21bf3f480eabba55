"""The inside of a machine: its commands and files, by the wire to its agent."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, ClassVar, Final

from lab.commands import ENVIRONMENT, Done

SPARE: Final = 5.0  # seconds for the way to and fro
PAUSE: Final = 0.2  # seconds: to look costs a machine as much as to work


class Begun:
    """A command line that runs in the background."""

    def __init__(self, what: str, future: Future[dict[str, Any]]) -> None:
        self._what, self._future = what, future

    def __repr__(self) -> str:
        return f"<{self._what}>"

    @property
    def is_running(self) -> bool:
        """It has not ended."""
        return not self._future.done()

    def wait(self, timeout: float = 60) -> Done:
        """What became of it. AssertionError where it goes on longer than a timeout in seconds, or its node went down."""
        try:
            found = self._future.result(timeout)
        except TimeoutError:
            raise AssertionError(f"{self._what}: did not end in {timeout:g} s") from None
        except ConnectionError as error:
            raise AssertionError(f"{self._what}: {error}") from None
        return Done(found["code"], found["stdout"], found["stderr"])


class Inside:
    """What a machine is asked to do. Calling it runs a command line in it, in an environment of its kind."""

    environment: ClassVar[Mapping[str, str]] = ENVIRONMENT

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, line: str, *, code: int | None = 0, stdin: str = "", timeout: float = 60, **environ: str) -> Done:
        """Run a command line; `code` is what it has to end with, None: anything. Seconds of timeout."""
        found = self._ask("run", timeout, **self._run(line, stdin, timeout, environ))
        done = Done(found["code"], found["stdout"], found["stderr"])
        assert not found["late"], f"{self.name}: {line}: did not end in {timeout:g} s: {done}"
        assert "Traceback" not in done.stdout + done.stderr, f"{self.name}: {line}: {done}"
        assert code is None or done.code == code, f"{self.name}: {line}: {done}"
        return done

    def begin(self, line: str, **environ: str) -> Begun:
        """Run a command line in the background, in a session of its own; it ends with the test."""
        return Begun(f"{self.name}: {line}", self._send("run", **self._run(line, "", None, environ)))

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file, with the folders above it."""
        self._ask("write", path=path, text=text, mode=mode)

    def read(self, path: str) -> str:
        """The text of a file."""
        text: str = self._ask("read", path=path)["text"]
        return text

    def exists(self, path: str) -> bool:
        """Something is there."""
        return bool(self._ask("exists", path=path)["found"])

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{self.name}: it does not come in {seconds:g} s"
            time.sleep(PAUSE)

    def _send(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        """Ask its agent."""
        raise NotImplementedError

    def _run(self, line: str, stdin: str, timeout: float | None, environ: dict[str, str]) -> dict[str, Any]:
        return {"argv": shlex.split(line), "stdin": stdin, "timeout": timeout, "environ": {**self.environment, **environ}}

    def _ask(self, what: str, seconds: float = 60, /, **words: Any) -> dict[str, Any]:
        task = f"{self.name}: {words.get('path') or shlex.join(words.get('argv', [what]))}"
        try:
            answer = self._send(what, **words).result(seconds + SPARE)
        except TimeoutError:
            raise AssertionError(f"{task}: did not end in {seconds:g} s, no answer") from None
        except ConnectionError as error:
            raise AssertionError(f"{task}: {error}") from None
        if "error" in answer:
            raise OSError(f"{task}: {answer['error']}")
        return answer
