"""The registry: from a driver id to its class, loaded when it is first needed. It owns the pluggy manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from opensvc_core.config.findings import did_you_mean
from opensvc_core.config.keywords import Declares
from opensvc_core.driver.base import Resource
from opensvc_core.driver.cluster import ClusterDriver
from opensvc_core.errors import ConfigError, DriverUnavailable, OpensvcError
from opensvc_core.model.commandline import Verb
from opensvc_core.plugins.bundled import way_in
from opensvc_core.plugins.claims import DRIVERS, GROUPS, PLUGINS, REFERENCES, Claims
from opensvc_core.plugins.failure import Broken, broken, told
from opensvc_core.plugins.loader import PATIENCE, Loader
from opensvc_core.system.entrypoints import EntryPoint

if TYPE_CHECKING:
    from pluggy import PluginManager

__all__ = ["DRIVERS", "PLUGINS", "REFERENCES", "Driver", "PluginState", "Registry", "lacks"]

Driver = Resource | ClusterDriver
T = TypeVar("T", bound=Driver)


class PluginState(NamedTuple):
    """What became of an entry point: the driver class where it has one, why it is not used, what its maker should know."""

    point: EntryPoint
    cls: type[Driver] | None
    problem: str
    remarks: tuple[str, ...]


class Implementation(NamedTuple):
    """A plugin's function for a hook: the module and the distribution that it is of. Called with all facts, it is given those it takes."""

    module: str
    owner: str
    function: Callable[..., Any]
    takes: Sequence[str]

    def __call__(self, **facts: object) -> Any:
        return self.function(**{name: facts[name] for name in self.takes})


class Registry:
    """Drivers and hooks of the installed distributions.

    Looking at what is installed imports nothing; a plugin is imported when one of its names is asked for. A plugin
    that fails is unregistered, and each of its names raises DriverUnavailable with the reason from then on. So does one whose
    import takes more than `patience` seconds, until it has ended. `specifications` is a module with hooks, instead of the core's.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        entry_points: Sequence[EntryPoint] | None = None,
        patience: float = PATIENCE,
        specifications: ModuleType | None = None,
    ) -> None:
        self._claims = Claims(entry_points)
        self._loader = Loader(settings, self._accept, patience=patience, specifications=specifications)
        self._classes: dict[str, type[Driver]] = {}
        self._sections: dict[str, type[Declares]] | None = None

    @property
    def manager(self) -> PluginManager:
        """The pluggy manager, with the hooks declared and this node's settings announced."""
        return self._loader.manager

    def has_plugins(self) -> bool:
        """Whether any plugin of the group `opensvc.plugins` is installed."""
        return bool(self._claims.of(PLUGINS))

    def listed(self, group: str) -> Mapping[str, Sequence[EntryPoint]]:
        """The entry points of a group by name, in lower case, those that are not used too; nothing is imported for it."""
        return self._claims.of(group)

    def driver(self, name: str) -> type[Resource]:
        """The class of a resource's driver id (`fs.ext4`) or of an older section's name (`vg`), whatever its case.

        Raises DriverUnavailable: nothing installed provides it, its plugin fails, or it is no driver of a resource.
        """
        return self.plugged(name, Resource)

    def plugged(self, name: str, kind: type[T]) -> type[T]:
        """The class of a driver id of a certain kind (`hb.unicast`, HeartbeatLink). Raises DriverUnavailable."""
        found = self.declared(name)
        if not issubclass(found, kind):
            raise DriverUnavailable(f"{found.id} {_OF_A_SERVICE if issubclass(found, Resource) else _OF_THE_CLUSTER}")
        return found

    def declared(self, name: str) -> type[Driver]:
        """The class of a driver id of any kind. Raises DriverUnavailable."""
        name = name.lower()
        if name not in self._classes:
            point = self._claims.owner(DRIVERS, name)
            if point is None:
                raise DriverUnavailable(self._missing(name))
            self._loader.load(point)
            if name not in self._classes:
                raise DriverUnavailable(f"{point.owner} is listed for {name} but brings no such driver")
        return self._classes[name]

    def hooks(self) -> Any:
        """The hook caller, with the plugins of the group `opensvc.plugins` loaded."""
        for point in self._claims.all(PLUGINS):
            self._problem(point)
        return self.manager.hook

    def implementations(self, hook: str, *, of_drivers: bool = False) -> list[Implementation]:
        """Who implements a hook, the last one registered first: plugins with hooks, or those of drivers that are loaded already."""
        if not of_drivers and not self.has_plugins():
            return []
        caller = getattr(self.manager.hook if of_drivers else self.hooks(), hook)
        owners = {point.module: point.owner for group in GROUPS for point in self._claims.all(group)}
        found = ((one.plugin_name, one) for one in reversed(caller.get_hookimpls()))
        return [Implementation(name, owners.get(name, name), one.function, one.argnames) for name, one in found]

    def commands(self) -> list[Verb]:
        """The verbs that plugins bring; one that raises brings none."""
        found: list[Verb] = []
        self._ask_each("opensvc_add_commands", found.extend)
        return found

    def sections(self) -> Mapping[str, type[Declares]]:
        """The sections of node.conf and cluster.conf that plugins declare, by their first word; one that raises has none."""
        if self._sections is None:
            self._sections = found = {}
            self._ask_each("opensvc_host_sections", lambda brought: found.update({**brought, **found}))
        return self._sections

    def _ask_each(self, hook: str, take: Callable[[Any], None]) -> None:
        for implementation in reversed(self.implementations(hook)):
            try:
                with broken():
                    take(implementation())
            except Broken as error:  # one plugin's failure is not that of the others
                self._loader.failed[implementation.module] = str(error)

    def resolve_reference(self, prefix: str, name: str, service: str) -> str | None:
        """The value of `{prefix://name}`; None where no plugin knows. Raises ConfigError when its plugin fails."""
        try:
            point = self._claims.owner(REFERENCES, prefix.lower())
            if point is None:
                return None
            self._loader.load(point)
        except DriverUnavailable as error:
            raise ConfigError(f"{prefix}:// can't be resolved: {error}") from error
        others = [plugin for plugin in self.manager.get_plugins() if self.manager.get_name(plugin) != point.module]
        resolve = self.manager.subset_hook_caller("opensvc_resolve_reference", others)
        try:
            found: str | None = resolve(prefix=prefix, name=name, service=service)
        except OpensvcError:
            raise
        except (Exception, SystemExit) as error:
            raise ConfigError(f"{prefix}:// can't be resolved: {point.owner} failed: {told(error)}") from error
        return found

    def failures(self) -> Mapping[str, str]:
        """Plugins that failed, by module, with the reason."""
        return self._loader.failed

    def failed_plugins(self) -> list[str]:
        """A sentence for each plugin of the group `opensvc.plugins` that is not used."""
        failed = self._loader.failed
        return [f"{point.owner} failed: {failed[point.module]}" for point in self._claims.all(PLUGINS) if point.module in failed]

    def drivers(self) -> Iterator[tuple[str, EntryPoint, type[Driver] | DriverUnavailable]]:
        """Every installed driver id with its entry point and class, or with the reason why there is none."""
        held = ((name, self._claims.holder(DRIVERS, name)) for name in sorted(self._claims.of(DRIVERS)))
        for name, point in ((name, point) for name, point in held if point):
            try:
                yield name, point, self.declared(name)
            except DriverUnavailable as error:
                yield name, point, error

    def states(self, group: str) -> Iterator[PluginState]:
        """What became of each entry point of a group, by name: all of them are loaded."""
        for point in sorted(self._claims.all(group), key=lambda point: (point.name.lower(), point.distribution)):
            cls = None
            problem = (self._claims.refused(point) if group != PLUGINS else "") or self._problem(point)
            if group == DRIVERS and not problem:
                try:
                    cls = self.declared(point.name)
                except DriverUnavailable as error:
                    problem = str(error)
            yield PluginState(point, cls, problem, () if problem else tuple(self._loader.remarks(point)))

    def hooks_of(self, point: EntryPoint) -> list[str]:
        """The hooks that a plugin implements, once it is loaded."""
        plugin = self.manager.get_plugin(point.module)
        return sorted(caller.name for caller in self.manager.get_hookcallers(plugin) or ()) if plugin else []

    def _problem(self, point: EntryPoint) -> str:
        """Load a plugin, and tell why that can't be."""
        try:
            self._loader.load(point)
        except DriverUnavailable as error:
            return str(error)
        return ""

    def _accept(self, point: EntryPoint, module: ModuleType) -> None:
        """Take the drivers of a plugin that was registered, under those names that are its own. Raises Broken."""
        others = [plugin for plugin in self.manager.get_plugins() if plugin is not module]
        caller = self.manager.subset_hook_caller("opensvc_register_drivers", others)
        found = {name.lower(): cls for classes in caller() for cls in classes for name in (cls.id, *cls.older_sections)}
        listed = {one.name.lower(): one for one in self._claims.all(DRIVERS) if one.distribution == point.distribution}
        taken: dict[str, type[Driver]] = {}
        for name, cls in found.items():
            holder = self._claims.holder(DRIVERS, name)
            if name not in listed and holder:
                raise Broken(f"it brings {name}, which is the driver of {holder.owner}")
            if name in listed and not self._claims.refused(listed[name]):
                taken[name] = cls
        self._classes |= taken

    def _missing(self, name: str) -> str:
        text = f"no installed plugin provides {name}"
        hint = way_in("driver", name) or did_you_mean(name, self._claims.of(DRIVERS))
        return f"{text}; {hint}" if hint else text


_OF_A_SERVICE = "is the driver of a resource: it belongs in the file of a service"
_OF_THE_CLUSTER = "is a driver of the cluster: it belongs in cluster.conf or node.conf, not in the file of a service"


def lacks(cls: type[Driver]) -> tuple[str, str]:
    """What this host lacks for a driver; what the driver failed at when it was asked."""
    try:
        with broken():
            return cls.host_problem(), ""
    except Broken as error:
        return "", f"it can't tell what the host lacks: {error}"
