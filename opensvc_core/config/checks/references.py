"""References that name nothing, go round in a circle, or depend on what is outside of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opensvc_core.config.checks.report import Report
from opensvc_core.config.concealing import is_secret, told
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.references import split_name
from opensvc_core.config.sections import FREE, is_resource
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.config.vocabulary import is_trigger
from opensvc_core.errors import ConfigError

# Names that are compared with one that may be a mistake, at most.
_MANY = 1000
# What the older agents' DNS brings; this agent has none.
_DNS = frozenset({"dnsnodes", "dnsuxsock", "dnsuxsockd", "dns_janitor_major"})


class References:
    """Looks at the references of a file, section by section."""

    def __init__(self, config: ServiceConfig, report: Report) -> None:
        self._config, self._report, self._document = config, report, config.document
        self._sections = frozenset(self._document.sections())
        self._circles: set[frozenset[str]] = set()
        self._having: dict[str, list[str]] = {}

    def findings(self, section: str) -> Iterator[Finding]:
        """What is wrong or doubtful with the references in a section."""
        for key in self._document.keys(section):
            yield from self._unresolved(section, key)
            yield from self._from_outside(section, key)

    def _unresolved(self, section: str, key: str) -> Iterator[Finding]:
        try:
            names = self._config.unresolved(section, key)
        except ConfigError as error:
            yield from self._broken(section, key, error)
            return
        for name in names:
            kind = self._report.error if is_resource(name.partition(".")[0]) else self._report.warning
            text, hint = f"the reference {{{name}}} names nothing", self._hint(section, name)
            yield kind("dangling-reference", told(key, text), section, key, hint="" if is_secret(key) else hint)

    def _broken(self, section: str, key: str, error: ConfigError) -> Iterator[Finding]:
        """A circle or a bad expression. A trigger's `$(…)` may be for its shell; a declared keyword's error is told with its value."""
        mark, _, way = error.text.partition(": ")
        if mark == "circular reference":
            yield from self._circle(error.text, [name.partition(" of ")[0] for name in way.split(" → ")])
        elif not is_trigger(key) and not self._is_worded(section, key):
            yield self._report.error("bad-reference", told(key, error.text), section, key)

    def _is_worded(self, section: str, key: str) -> bool:
        """Whether the value is looked at with its keyword as well, and the error told there."""
        if section in FREE or key.partition("@")[0] not in self._config.declared(section):
            return False
        try:
            return not is_resource(section) or bool(self._config.resource(section))
        except ConfigError:
            return False

    def _circle(self, text: str, names: list[str]) -> Iterator[Finding]:
        """One finding for each circle, at the first of its keys that was met."""
        if frozenset(names) not in self._circles:
            self._circles.add(frozenset(names))
            place = split_name(names[0], self._sections)
            yield self._report.error("circular-reference", text, *place, hint="give one of them a value of its own")

    def _from_outside(self, section: str, key: str) -> Iterator[Finding]:
        environment = self._document.items("env")
        for name in dict.fromkeys(re.findall(r"[{<#:]env\.(\w+)", self._document.get(section, key) or "")):
            is_here = any(one.partition("@")[0] == name for one in environment)
            if not is_here and name.upper() in self._config.world.environ:
                text = f"{{env.{name}}} is ${name.upper()} of whoever calls the agent: another caller gets another value"
                yield self._report.warning("depends-on-environment", text, section, key, hint=f"set {name} in [env]")

    def _hint(self, section: str, name: str) -> str:
        prefix, mark, _ = name.partition("://")
        if mark:
            return "; ".join(filter(None, [f"no installed plugin answers for {prefix}://", self._config.world.way_in("reference", prefix)]))
        if name in _DNS:
            return "this agent has no name server of its own"
        if name.startswith("volume#"):
            return "volumes are brought by a plugin, and none is installed"
        index = re.fullmatch(r"(.*)\[(.*)\]", name)
        if index:
            return f"{{{index[1]}}} has no word {index[2]}; the first is 0"
        return self._similar(section, name) or self._missing(name)

    def _similar(self, section: str, name: str) -> str:
        """A name that may have been meant: looked for among keys of one section, or among sections, so that a large file costs little."""
        target, key = split_name(name, self._sections)
        if target:
            return _prefixed(target, did_you_mean(key, self._keys(target)))
        target, dot, key = name.partition(".")
        if dot:
            return did_you_mean(target, self._sections_with(key)).replace("'?", f".{key}'?")
        return did_you_mean(name, [*self._keys(section), *self._keys(DEFAULT), *self._config.words, "rid", "rindex"])

    def _keys(self, section: str) -> list[str]:
        return [key.partition("@")[0] for key in self._document.keys(section)]

    def _sections_with(self, key: str) -> list[str]:
        if key not in self._having:
            self._having[key] = [name for name in self._document.sections() if key in self._keys(name)][:_MANY]
        return self._having[key]

    def _missing(self, name: str) -> str:
        section = split_name(name, self._sections)[0]
        if section:
            return f"[{section}] has no such key"
        if is_resource(name.partition(".")[0]):
            return f"there is no section [{name.partition('.')[0]}]"
        return "a text that only looks like a reference may stay"


def _prefixed(section: str, hint: str) -> str:
    return hint.replace("mean '", f"mean '{section}.")
