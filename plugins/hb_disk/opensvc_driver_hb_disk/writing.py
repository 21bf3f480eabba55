"""The writer of beats: a thread of its own, so that a disk that hangs holds up nobody who sends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from opensvc_driver_hb_disk.pages import BEAT, BEATING, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensvc_driver_hb_disk.device import Device

# So long, in seconds, a disk may take before that is told.
_PATIENCE: Final = 1.0


class Writer:
    """Writes the newest beat into the slot of a node. `opened` gives the device, and raises OSError."""

    def __init__(self, opened: Callable[[], Device], node: str, writer: bytes, name: str) -> None:
        self._opened, self._node, self._writer, self._name = opened, node, writer, name
        self._changed = Condition()
        self._thread: Thread | None = None
        self._beat: bytes | None = None
        self._number, self._failure, self._busy_since = 0, "", 0.0
        self._is_closed = False

    def put(self, beat: bytes) -> None:
        """Have a beat written. Raises OSError: what became of those before it, while none was written since."""
        with self._changed:
            self._beat = beat
            self._changed.notify_all()
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"{self._name} writer", daemon=True)
                self._thread.start()
            waited = monotonic() - self._busy_since if self._busy_since else 0.0
            failure = self._failure
        if waited > _PATIENCE:
            raise OSError(f"the disk has not answered for {waited:.0f} s")
        if failure:
            raise OSError(failure)

    def close(self) -> None:
        """Write no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._is_wanted():
            try:
                with self._busy():
                    device = self._opened()
                with device:
                    with self._busy():
                        slot = device.claimed(self._node, self._rest)
                    self._write_all(device, slot)
            except OSError as error:
                with self._changed:
                    self._failure, self._beat = str(error), None

    def _write_all(self, device: Device, slot: int) -> None:
        """Write beat after beat. Raises OSError: somebody else writes there, too, or the slot is lost."""
        last = b""
        while beat := self._next():
            with self._busy():
                if not device.has(self._node, slot):
                    raise OSError(f"{device.path}: slot {slot} is no longer of {self._node}; was the disk prepared anew?")
                if last and device.page(slot, BEAT) != last:
                    raise OSError(
                        f"{device.path}: another one writes into slot {slot} of {self._node}: is there a second node of this name?"
                    )
                self._number += 1
                page = Page(BEATING, self._writer, self._number, beat)
                device.write(slot, BEAT, page)
                if last:  # what was written before was found: the slot is ours
                    self._well()
                last = page.encoded()

    def _next(self) -> bytes:
        """The newest beat, waiting for it; empty: none is wanted any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._beat is not None or self._is_closed)
            beat, self._beat = self._beat, None
            return b"" if self._is_closed else beat or b""

    def _is_wanted(self) -> bool:
        """Wait for a beat; False: it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._beat is not None or self._is_closed)
            return not self._is_closed

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._busy_since = 0.0
            self._changed.wait_for(lambda: self._is_closed, seconds)
            self._busy_since = monotonic()
            if self._is_closed:
                raise OSError("it is closed")

    def _well(self) -> None:
        with self._changed:
            self._failure = ""

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._changed:
            self._busy_since = monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._busy_since = 0.0
