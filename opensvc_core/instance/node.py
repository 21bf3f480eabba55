"""A node, as an integrator or a command sees it: its services, and what it knows of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ActionRefused, ConfigError, NoSuchObject
from opensvc_core.instance.service import Service
from opensvc_core.instance.store import parse
from opensvc_core.instance.surroundings import Surroundings
from opensvc_core.model.names import ServicePath
from opensvc_core.model.selectors import is_pattern, select


class Node(Surroundings):
    """This node, or one that lives below a folder.

    Parameters:
        root: the folder of all files (`etc`, `var`, `log`, `run`, `tmp`); None: OSVC_ROOT_PATH, else the places of a
            packaged agent (`/etc/opensvc`, …).
        nodename: the node's name; None: OSVC_NODENAME, else the host's.
    """

    def services(self, selector: str = "**") -> list[Service]:
        """The services that a selector names. Raises NoSuchObject where a plain name names none."""
        found: list[ServicePath] = []
        for word in selector.split(","):
            is_name = word and not is_pattern(word)
            matching = [self._named(word)] if is_name else select(word, self.store.services(), self._lookup)
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

    def _named(self, word: str) -> ServicePath:
        path = ServicePath.parse(word)
        if not self.store.exists(path):
            from opensvc_core.config.findings import did_you_mean  # noqa: PLC0415 - only a mistake pays for it

            hint = did_you_mean(word, map(str, self.store.services()))
            raise NoSuchObject(f"no service {word!r} on {self.name}" + (f"; {hint}" if hint else ""))
        return path

    def _lookup(self, path: ServicePath, key: str) -> Sequence[str]:
        """The values that a selector's `key`, `rid.key`, `group.key` or `group` finds in a service's file; none in a broken one."""
        try:
            return self._values(Service(self, path).config(), key)
        except (ConfigError, ActionRefused):
            return ()

    def _values(self, config: ServiceConfig, key: str) -> Sequence[str]:
        section, _, name = key.rpartition(".")
        sections = config.document.sections()
        if not section:
            value = config.text("DEFAULT", key)
            return [value] if value is not None else [one for one in sections if one.partition("#")[0] == key and "#" in one]
        matching = [one for one in sections if section in (one, one.partition("#")[0])]
        return [value for value in (config.text(one, name) for one in matching) if value is not None]
