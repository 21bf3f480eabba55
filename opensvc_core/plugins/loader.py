"""The loader: from an entry point to a registered plugin, whose faults stay its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from opensvc_core import __version__
from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.bundled import CORE
from opensvc_core.plugins.failure import Broken, broken
from opensvc_core.system.confined import ConfinedImport, kept_output
from opensvc_core.system.entrypoints import EntryPoint, needs_newer

if TYPE_CHECKING:
    from pluggy import PluginManager

# Seconds that the import of a plugin may take. A host under load needs some; one that hangs takes them once in a process.
PATIENCE: Final = 20.0


class Loader:
    """Loads plugins once, and keeps what became of each by the name of its module.

    `accept` is called with a plugin that was registered, and may refuse it by an exception. `specifications` is a module with hooks,
    instead of those of the core.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        accept: Callable[[EntryPoint, ModuleType], None],
        *,
        patience: float = PATIENCE,
        specifications: ModuleType | None = None,
    ) -> None:
        self._settings, self._accept = settings, accept
        self._patience, self._specifications = patience, specifications
        self._manager: PluginManager | None = None
        self._importing: dict[str, ConfinedImport] = {}
        self._printed: dict[str, list[str]] = {}
        self._lock = threading.RLock()
        self.failed: dict[str, str] = {}

    @property
    def manager(self) -> PluginManager:
        """The pluggy manager, with the hooks declared and this node's settings announced."""
        if self._manager is None:
            # 20 ms, which commands without a driver are spared
            from pluggy import PluginManager  # noqa: PLC0415

            from opensvc_core import hookspecs  # noqa: PLC0415

            manager = PluginManager(hookspecs.PROJECT)
            manager.add_hookspecs(self._specifications or hookspecs)
            manager.hook.opensvc_configure.call_historic(kwargs={"settings": self._settings})
            self._manager = manager
        return self._manager

    def load(self, point: EntryPoint) -> None:
        """Import and register a plugin. Raises DriverUnavailable with the reason why that can't be."""
        with self._lock:  # services are looked at in several threads
            begun = self._importing.get(point.module)
            if begun and begun.has_ended and point.module in self.failed:
                del self.failed[point.module]  # it took its time
            if point.module in self.failed:
                raise DriverUnavailable(f"{point.owner} failed: {self.failed[point.module]}")
            if self.manager.has_plugin(point.module):
                return
            try:
                self._register(point, self._imported(point))
            except Broken as error:
                self.failed[point.module] = str(error)
                raise DriverUnavailable(f"{point.owner} failed: {error}") from error

    def remarks(self, point: EntryPoint) -> Iterator[str]:
        """What the maker of a plugin that is used should know: what it prints, which of its hooks, and of their parameters, will go."""
        if said := "".join(self._printed.get(point.module, ())).strip():
            yield f"prints when it is loaded: {said.splitlines()[0]}"
        plugin = self.manager.get_plugin(point.module)
        for caller in self.manager.get_hookcallers(plugin) or () if plugin else ():
            if caller.spec and caller.spec.warn_on_impl:
                yield str(caller.spec.warn_on_impl)
            taken = {name for one in caller.get_hookimpls() if one.plugin is plugin for name in one.argnames}
            for name, warning in ((caller.spec and caller.spec.warn_on_impl_args) or {}).items():
                if name in taken:
                    yield str(warning)

    def _imported(self, point: EntryPoint) -> ModuleType:
        """The module of an entry point. Raises Broken."""
        if wanted := needs_newer(point.metadata, CORE, __version__):
            raise Broken(f"it needs {wanted}, and this is {CORE} {__version__}; upgrade {CORE}, or install an older {point.distribution}")
        if point.module not in self._importing:
            said = self._printed.setdefault(point.module, [])
            self._importing[point.module] = ConfinedImport(point.load, point.module, said)
        begun = self._importing[point.module]
        begun.wait(self._patience)
        if not begun.has_ended:
            raise Broken(f"its import hangs: it has not ended within {self._patience:g} s")
        del self._importing[point.module]
        with broken():
            return begun.result()

    def _register(self, point: EntryPoint, module: ModuleType) -> None:
        try:
            with broken(), kept_output(self._printed[point.module]):
                self.manager.register(module, name=point.module)
                self.manager.check_pending()
                self._accept(point, module)
        except Broken:
            if self.manager.has_plugin(point.module):
                self.manager.unregister(name=point.module)
            raise
