"""The registry: from a driver id to its class, loaded when it is first needed. It owns the pluggy manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from opensvc_core.config.findings import did_you_mean
from opensvc_core.driver.base import Resource
from opensvc_core.driver.cluster import ClusterDriver
from opensvc_core.errors import DriverUnavailable
from opensvc_core.model.commandline import Verb
from opensvc_core.system.entrypoints import EntryPoint, scan

if TYPE_CHECKING:
    from pluggy import PluginManager

DRIVERS, PLUGINS, REFERENCES = "opensvc.drivers", "opensvc.plugins", "opensvc.references"
Driver = Resource | ClusterDriver
T = TypeVar("T", bound=Driver)


class Registry:
    """Drivers and hooks of the installed distributions.

    Looking at what is installed imports nothing; a plugin is imported when one of its names is asked for. A plugin
    that fails is unregistered, and each of its names raises DriverUnavailable with the reason from then on.
    """

    def __init__(self, settings: Mapping[str, Any], *, entry_points: tuple[EntryPoint, ...] | None = None) -> None:
        self._settings = settings
        self._given = entry_points
        self._manager: PluginManager | None = None
        self._classes: dict[str, type[Driver]] = {}
        self._failed: dict[str, str] = {}
        self._installed: dict[str, dict[str, EntryPoint]] | None = None

    @property
    def manager(self) -> PluginManager:
        """The pluggy manager, with the hooks declared and this node's settings announced."""
        if self._manager is None:
            # 20 ms, which commands without a driver are spared
            from pluggy import PluginManager  # noqa: PLC0415

            from opensvc_core import hookspecs  # noqa: PLC0415

            self._manager = PluginManager(hookspecs.PROJECT)
            self._manager.add_hookspecs(hookspecs)
            self._manager.hook.opensvc_configure.call_historic(kwargs={"settings": self._settings})
        return self._manager

    def installed(self, group: str) -> Mapping[str, EntryPoint]:
        """The entry points of a group by name in lower case."""
        if self._installed is None:
            self._installed = {}
            for point in self._given if self._given is not None else scan((DRIVERS, PLUGINS, REFERENCES)):
                self._installed.setdefault(point.group, {}).setdefault(point.name.lower(), point)
        return self._installed.get(group, {})

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
            point = self.installed(DRIVERS).get(name)
            if point is None:
                raise DriverUnavailable(self._missing(name))
            self._load(point)
            if name not in self._classes:
                raise DriverUnavailable(f"the plugin {point.distribution} is listed for {name} but brings no such driver")
        return self._classes[name]

    def hooks(self) -> Any:
        """The hook caller, with the plugins of the group `opensvc.plugins` loaded."""
        for point in self.installed(PLUGINS).values():
            self._load_quietly(point)
        return self.manager.hook

    def commands(self) -> list[Verb]:
        """The verbs that plugins bring; one that raises brings none."""
        found: list[Verb] = []
        for implementation in self.hooks().opensvc_add_commands.get_hookimpls() if self.installed(PLUGINS) else ():
            try:
                found.extend(implementation.function())
            except Exception as error:  # noqa: BLE001 - one plugin's failure is not the command line's
                self._failed[implementation.plugin_name] = f"{type(error).__name__}: {error}"
        return found

    def resolve_reference(self, prefix: str, name: str, service: str) -> str | None:
        """The value of `{prefix://name}`; None where no plugin knows. Raises DriverUnavailable when its plugin fails."""
        point = self.installed(REFERENCES).get(prefix.lower())
        if point is None:
            return None
        self._load(point)
        found: str | None = self.manager.hook.opensvc_resolve_reference(prefix=prefix, name=name, service=service)
        return found

    def failures(self) -> Mapping[str, str]:
        """Plugins that failed, by module, with the reason."""
        return self._failed

    def drivers(self) -> Iterator[tuple[str, EntryPoint, type[Driver] | DriverUnavailable]]:
        """Every installed driver id with its entry point and class, or with the reason why there is none."""
        for name, point in sorted(self.installed(DRIVERS).items()):
            try:
                yield name, point, self.declared(name)
            except DriverUnavailable as error:
                yield name, point, error

    def _load(self, point: EntryPoint) -> None:
        if point.module in self._failed:
            raise DriverUnavailable(f"{point.distribution} failed: {self._failed[point.module]}")
        if self.manager.has_plugin(point.module):
            return
        try:
            self._register(point)
        except Exception as error:  # whatever a plugin raises becomes a state of what needs it
            self._failed[point.module] = f"{type(error).__name__}: {error}"
            if self.manager.has_plugin(point.module):
                self.manager.unregister(name=point.module)
            raise DriverUnavailable(f"{point.distribution} failed: {self._failed[point.module]}") from error

    def _register(self, point: EntryPoint) -> None:
        module = point.load()
        self.manager.register(module, name=point.module)
        self.manager.check_pending()
        caller = self.manager.subset_hook_caller(
            "opensvc_register_drivers", [plugin for plugin in self.manager.get_plugins() if plugin is not module]
        )
        for cls in (cls for classes in caller() for cls in classes):
            for name in (cls.id, *cls.older_sections):
                self._classes[name.lower()] = cls

    def _load_quietly(self, point: EntryPoint) -> None:
        try:
            self._load(point)
        except DriverUnavailable:
            return  # the reason stands in failures()

    def _missing(self, name: str) -> str:
        text = f"no installed plugin provides {name}"
        extra = bundled_in(name)
        if extra:
            return f"{text}; 'pip install opensvc-core[{extra}]' brings it"
        hint = did_you_mean(name, self.installed(DRIVERS))
        return f"{text}; {hint}" if hint else text


_OF_A_SERVICE = "is the driver of a resource: it belongs in the file of a service"
_OF_THE_CLUSTER = "is a driver of the cluster: it belongs in cluster.conf or node.conf, not in the file of a service"


def bundled_in(name: str) -> str:
    """The extra of this distribution that brings a driver, or an empty text: read from the distribution's own metadata."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 - 40 ms, paid by an error only

    try:
        wanted = requires("opensvc-core") or []
    except PackageNotFoundError:
        return ""
    group, _, kind = name.partition(".")
    projects = {f"opensvc-driver-{group}-{kind}", f"opensvc-driver-{kind}", f"opensvc-driver-{group}"}
    parted = [requirement.partition(";") for requirement in wanted]
    extras = [
        marker.split("extra ==")[1].strip(" '\"") for project, _, marker in parted if project.strip() in projects and "extra ==" in marker
    ]
    return min(extras, key=lambda extra: extra == "all", default="")
