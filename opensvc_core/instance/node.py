"""A node, as an integrator or a command sees it: its services, and what it knows of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensvc_core.config.sections import group_of
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ActionRefused, ConfigError, NoSuchObject, OpensvcError
from opensvc_core.instance.service import Service
from opensvc_core.instance.store import parse
from opensvc_core.instance.surroundings import Surroundings
from opensvc_core.model.names import ServicePath
from opensvc_core.model.selectors import Value, is_pattern, select

if TYPE_CHECKING:
    from opensvc_core.driver.cluster import FenceAgent, HeartbeatLink, WatchdogTimer


class Node(Surroundings):
    """This node, or one that lives below a folder.

    Parameters:
        root: the folder of all files (`etc`, `var`, `log`, `run`, `tmp`); None: OSVC_ROOT_PATH, else the places of a
            packaged agent (`/etc/opensvc`, …).
        nodename: the node's name; None: OSVC_NODENAME, else the host's.
    """

    def services(self, selector: str = "**", *, namespace: str = "") -> list[Service]:
        """The services that a selector names, of all namespaces or of one. Raises NoSuchObject where a plain name names none."""
        found: list[ServicePath] = []
        for word in selector.split(","):
            is_name = word and not is_pattern(word)
            matching = [self._named(word, namespace)] if is_name else select(word, self.store.services(), self._lookup, namespace)
            found.extend(path for path in matching if path not in found)
        return [Service(self, path) for path in found]

    def service(self, name: str) -> Service:
        """The service of this name, whether it exists or not. Raises UsageError for a name that is not allowed."""
        return Service(self, ServicePath.parse(name))

    def create(self, name: str, text: str = "", *, overwrites: bool = False) -> Service:
        """Make a service, frozen, with an identity. Raises ActionRefused where it exists, ConfigError for a text with errors."""
        service = self.service(name)
        document = parse(text, Path(f"{service.path.config_path}.conf"))
        if not document.get("DEFAULT", "id"):
            from uuid import uuid4  # noqa: PLC0415 - 3 ms, paid by this command only

            document = document.set("DEFAULT", "id", str(uuid4()))
        if not overwrites and self.store.exists(service.path):
            raise ActionRefused(f"{service.path} exists already ({service.file}); --force overwrites it")
        service.refuse_errors(document)
        service.state.freeze()  # before the file: nothing may start it in between
        self.store.create(service.path, document.text(), overwrites=overwrites)
        self.links.make(service.path)
        return service

    def heartbeats(self) -> dict[str, HeartbeatLink | OpensvcError]:
        """The links of `[hb#…]` that this node takes part in, by section; in the place of one that can't be made, why."""
        from opensvc_core.instance.heartbeats import heartbeats  # noqa: PLC0415 - few commands need them

        return heartbeats(self)

    def fence_agents(self) -> dict[str, FenceAgent | OpensvcError]:
        """The ways of `[stonith#…]` to end other nodes, by node; in the place of one that can't be made, why."""
        from opensvc_core.instance.fencing import fence_agents  # noqa: PLC0415 - few commands need them

        return fence_agents(self)

    def watchdogs(self) -> dict[str, WatchdogTimer | OpensvcError]:
        """What ends this node when it hangs, by section of `[watchdog#…]`; in the place of one that can't be made, why."""
        from opensvc_core.instance.watchdogs import watchdogs  # noqa: PLC0415 - few commands need them

        return watchdogs(self.config, self.registry)

    def _named(self, word: str, namespace: str) -> ServicePath:
        path = ServicePath.parse(word)
        if namespace and word.count("/") < 2:
            path = path._replace(namespace=namespace)
        if not self.store.exists(path):
            from opensvc_core.config.findings import did_you_mean  # noqa: PLC0415 - only a mistake pays for it

            hint = did_you_mean(word, map(str, self.store.services()))
            raise NoSuchObject(f"no service {str(path)!r} on {self.name}" + (f"; {hint}" if hint else ""))
        return path

    def _lookup(self, path: ServicePath, key: str) -> Sequence[Value]:
        """The values that a selector's `key`, `rid.key`, `group.key` or `group` finds in a service's file; none in a broken one."""
        try:
            return list(_values(Service(self, path).config(), key))
        except (ConfigError, ActionRefused):
            return ()


def _values(config: ServiceConfig, key: str) -> Iterator[Value]:
    section, _, name = key.rpartition(".")
    sections = config.document.sections()
    text = None if section else config.text("DEFAULT", key)
    if text is not None:
        yield _value(config, "DEFAULT", key, text)
    elif not section:
        yield from (Value(one) for one in sections if "#" in one and key in (one.partition("#")[0], group_of(one)))
    for one in sections if section else ():
        if section in (one, one.partition("#")[0], group_of(one)) and (text := config.text(one, name)) is not None:
            yield _value(config, one, name, text)


def _value(config: ServiceConfig, section: str, key: str, text: str) -> Value:
    """A value whose keyword is looked up when it is compared as a number: that may need the driver."""

    def number(written: str) -> Any:
        keyword = config.keyword(section, key)
        return keyword.convert(written) if keyword else written

    return Value(text, number)
