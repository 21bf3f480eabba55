"""One tree of exceptions: everything that the agent refuses or fails at, each with its exit code."""

from __future__ import annotations


class OpensvcError(Exception):
    """The root: a message for a person, and the exit code of a command that ends with it."""

    exit_code = 1


class UsageError(OpensvcError):
    """The command line, or a call from Python, asks for something that does not exist."""

    exit_code = 2


class UnknownCommand(UsageError):
    """The words of a command line are no command of the core; a plugin may have one of this name."""


class NoSuchObject(OpensvcError):
    """No service has this name, or the selector names none."""

    exit_code = 4


class ActionRefused(OpensvcError):
    """Nothing was done, because doing it could do harm or is not allowed; the message says why."""

    exit_code = 5


class Conflict(ActionRefused):
    """What a resource would bring up is in use elsewhere; the message says by whom, as far as that was seen.

    Of an action as a whole, the message says which resources, and `seen` holds what each of them saw.
    """

    def __init__(self, text: str, seen: tuple[str, ...] = ()) -> None:
        self.seen = seen
        super().__init__(text)


class Delegated(ActionRefused):
    """A cluster manager beside this agent alone starts and stops the service: nothing was done."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__(
            "this service is managed by a clusterware, thus direct service manipulation is disabled. "
            "the --cluster option circumvent this safety net."
        )


class LockTimeout(OpensvcError):
    """Another action holds the instance, and did not end in the time given."""

    exit_code = 6


class ConfigError(OpensvcError):
    """A file of configuration can't be used as it stands.

    Parameters: `text` is what is wrong and the way out; `path`, `line` (from 1), `section`, `key`
    say where, as far as that is known.
    """

    exit_code = 7

    def __init__(self, text: str, *, path: str = "", line: int = 0, section: str = "", key: str = "") -> None:
        self.text, self.path, self.line, self.section, self.key = text, path, line, section, key
        super().__init__(": ".join([*self._place(), text]))

    def _place(self) -> list[str]:
        file = f"{self.path}:{self.line}" if self.path and self.line else self.path or (f"line {self.line}" if self.line else "")
        name = f"{self.section}.{self.key}" if self.section and self.key else self.section or self.key
        return [part for part in (file, name) if part]


class DriverUnavailable(OpensvcError):
    """No installed plugin provides the driver, its plugin failed to load, or there is nothing on this node that the keyword `key` names."""

    def __init__(self, text: str, key: str = "") -> None:
        self.key = key
        super().__init__(text)


class ActionFailed(OpensvcError):
    """An operation of an action failed; the message names the operation and what it came to."""


class ActionTimeout(ActionFailed):
    """An operation did not end within its time limit, and was ended."""


class ActionInterrupted(OpensvcError):
    """A person or the system ended the action (SIGINT, SIGTERM).

    `has_begun`: what it names may have done something.
    """

    exit_code = 130

    def __init__(self, text: str, *, has_begun: bool = True) -> None:
        self.has_begun = has_begun
        super().__init__(text)
