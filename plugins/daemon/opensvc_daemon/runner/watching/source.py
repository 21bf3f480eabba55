"""Sources: the ways in which the kernel and others tell of a change, one for each kind of watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from opensvc_daemon.clock import now

# Told with the target that has changed.
Changed = Callable[[str], None]
# Seconds for which a change is remembered: longer than a look takes.
_MEMORY: Final = 120.0


class Source(Protocol):
    """Waits for changes of what targets name, and tells each."""

    def add(self, target: str, since: float) -> bool:
        """Wait for changes of this; True: it may have changed since that moment (`clock.now`) already.

        To add it once more is nothing. One that can't be waited for is no error: it is looked at by schedule.
        """
        ...

    def remove(self, target: str) -> None:
        """No more."""
        ...

    def close(self) -> None:
        """Free all descriptors."""
        ...


class Recent:
    """When something changed last, of all that has changed in the last minutes."""

    def __init__(self) -> None:
        self._moments: dict[str, float] = {}
        self._lost = 0.0

    def note(self, name: str) -> None:
        """It has changed."""
        moment = now()
        self._moments.pop(name, None)
        self._moments[name] = moment
        while moment - next(iter(self._moments.values())) > _MEMORY:
            del self._moments[next(iter(self._moments))]

    def lose(self) -> None:
        """Changes were missed: all may have changed."""
        self._lost = now()

    def has(self, name: str, since: float) -> bool:
        """Whether it may have changed since."""
        return max(self._moments.get(name, 0.0), self._lost) >= since
