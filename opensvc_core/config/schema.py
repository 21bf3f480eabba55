"""JSON schemas of the files, made from the declarations of the keywords, for editors and for whoever makes files by program.

A file as JSON is `{"SECTION": {"KEY": VALUE}}`: what `create --config -` reads and `print config --format json` prints.
Source of the schema language: JSON Schema, draft 2020-12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from opensvc_core.config.converters import print_value
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.sections import FREE, GROUPS, OLDER_DISKS
from opensvc_core.config.vocabulary import HOST_SECTIONS, HeartbeatKeywords, ResourceKeywords, ServiceKeywords, SubsetKeywords

Schema = dict[str, Any]
_NONE: Final[Mapping[str, type[Declares]]] = MappingProxyType({})
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TRUTH: Final = "^ *([Yy]([Ee][Ss])?|[Nn]([Oo]|[Oo][Nn][Ee])?|[Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|1|0|0\\.0|\\[\\]|\\{\\})? *$"
_WORDS: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "pattern": "^\\S+$"}}]}
_NUMBER: Final = "^ *[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)? *$"
# The forms of a value by the name of its converter; any other converter takes a text.
_FORMS: Final[Mapping[str, Schema]] = {
    "reference": {"type": "string", "pattern": "[{<]|\\$\\(", "description": "A text with a reference or an expression."},
    "text": {"type": ["string", "number"]},
    "boolean": {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": _TRUTH}, {"$ref": "#/$defs/reference"}]},
    "integer": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _NUMBER}, {"$ref": "#/$defs/reference"}]},
    "words": _WORDS,
}
_FORM_OF: Final = {
    "boolean": "boolean",
    "tristate": "boolean",
    "integer": "integer",
    "words": "words",
    "words_lower": "words",
    "word_set": "words",
}


def service_schema(drivers: Mapping[str, type[Declares]]) -> Schema:
    """The schema of a service's file; `drivers` are the classes by their ids and by the names of older sections."""
    sections: Schema = {
        "DEFAULT": {"$ref": "#/$defs/DEFAULT"},
        **{name: {"type": "object"} for name in sorted(FREE)},
    }
    definitions: Schema = {**_FORMS, "DEFAULT": _section([ServiceKeywords], is_open=True), "subset": _section([SubsetKeywords])}
    groups: dict[str, list[str]] = {group: [] for group in (*GROUPS, *OLDER_DISKS)}
    for name, cls in sorted(drivers.items()):
        definitions[name] = _section([ResourceKeywords, cls], is_open=bool(cls.variant_by))
        groups.setdefault(name.partition(".")[0], []).append(name)
    patterns: Schema = {f"^{group}#.+$": _by_type(group, names) for group, names in sorted(groups.items())}
    found = _file("service", sections, {**patterns, "^subset#.+$": {"$ref": "#/$defs/subset"}}, definitions)
    return {**found, "allOf": [_needed(name, keyword) for name, cls in sorted(drivers.items()) for keyword in _required(cls)]}


def node_schema(drivers: Mapping[str, type[Declares]], plugins: Mapping[str, type[Declares]] = _NONE) -> Schema:
    """The schema of node.conf; `drivers` are the classes of heartbeats, fence agents and watchdogs by their ids, `plugins` those of the
    sections that plugins have."""
    return _host_file("node", drivers, {**plugins, **HOST_SECTIONS})


def cluster_schema(drivers: Mapping[str, type[Declares]], plugins: Mapping[str, type[Declares]] = _NONE) -> Schema:
    """The same of cluster.conf."""
    return _host_file("cluster", drivers, {**plugins, **HOST_SECTIONS})


def _host_file(name: str, drivers: Mapping[str, type[Declares]], sections: Mapping[str, type[Declares]]) -> Schema:
    """The sections of other parts are taken as they are."""
    definitions: Schema = {**_FORMS, **{key: _whole(cls) for key, cls in sections.items()}}
    definitions["hb"] = {**_section([HeartbeatKeywords], is_open=True), "required": ["type"]}
    groups: dict[str, list[str]] = {"hb": []}
    for driver, cls in sorted(drivers.items()):
        group = driver.partition(".")[0]
        definitions[driver] = _section([HeartbeatKeywords, cls] if group == "hb" else [cls], is_open=getattr(cls, "hands_words_on", False))
        groups.setdefault(group, []).append(driver)
    patterns: Schema = {f"^{group}#.+$": _by_default(group, names, drivers) for group, names in groups.items() if group != "hb"}
    heartbeat = {"allOf": [{"$ref": "#/$defs/hb"}, *_by_type("hb", groups["hb"]).get("allOf", ())]}
    named = {f"^{key}(#.+)?$": {"$ref": f"#/$defs/{key}"} for key in sections if key != "hb"}
    found = _file(name, {}, {**named, **patterns, "^hb#.+$": heartbeat, "^.*$": {"type": "object"}}, definitions)
    needed = [_needed(each, keyword) for each, cls in sorted(drivers.items()) for keyword in _required(cls) if keyword.name != "type"]
    return {**found, **({"allOf": needed} if needed else {})}


def _by_default(group: str, names: Sequence[str], drivers: Mapping[str, type[Declares]]) -> Schema:
    """The same of a group whose sections have the driver that `type` has as its default, where they say none."""
    found = _by_type(group, names)
    default = f"{group}.{drivers[names[0]].keywords()['type'].default}"
    cases = [*found["allOf"], *([{"if": _is_of(group), "then": {"$ref": f"#/$defs/{default}"}}] if default in names else [])]
    return {"type": "object", "allOf": cases}


def _file(name: str, properties: Schema, patterns: Schema, definitions: Schema) -> Schema:
    return {
        "$schema": _DIALECT,
        "title": f"A {name} file of opensvc",
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _by_type(group: str, names: Iterable[str]) -> Schema:
    """A section of a group is what its type says; one without a type has the driver of the group's own name, where there is one."""
    cases = [{"if": _is_of(name), "then": {"$ref": f"#/$defs/{name}"}} for name in names]
    found: Schema = {"type": "object", **({"allOf": cases} if cases else {})}
    return found if group in names or group in OLDER_DISKS or not cases else {**found, "required": ["type"]}


def _is_of(name: str) -> Schema:
    """Whether a section has this driver. Types are compared without regard to case; these are the usual ways to write one."""
    group, _, kind = name.partition(".")
    if group in OLDER_DISKS:  # what `type` says there is a matter of the driver
        return {}
    if not kind:
        return {"not": {"required": ["type"]}}
    return {"properties": {"type": {"enum": sorted({kind, kind.upper(), kind.capitalize()})}}, "required": ["type"]}


def _required(cls: type[Declares]) -> list[Keyword[Any]]:
    return [keyword for keyword in cls.keywords().values() if keyword.required and not keyword.provisioning]


def _needed(name: str, keyword: Keyword[Any]) -> Schema:
    """Each section of a driver gives a keyword, where `[DEFAULT]` does not give it for all of them."""
    group = name.partition(".")[0]
    given: Schema = {"patternProperties": {f"^{group}#.+$": {"if": _is_of(name), "then": _gives((keyword.name, *keyword.aliases))}}}
    if not keyword.inherit:
        return given
    inherited: Schema = {"required": ["DEFAULT"], "properties": {"DEFAULT": _gives((keyword.inherit,))}}
    return {"if": {"not": inherited}, "then": given}


def _whole(cls: type[Declares]) -> Schema:
    """The schema of a section that gives all that its class requires."""
    given = [_gives((keyword.name, *keyword.aliases)) for keyword in _required(cls)]
    return {**_section([cls]), **({"allOf": given} if given else {})}


def _gives(names: Iterable[str]) -> Schema:
    """A section has a keyword under any of its names, for all nodes or for some."""
    pattern = "|".join(re.escape(name) for name in names)
    return {"not": {"propertyNames": {"not": {"pattern": f"^({pattern})(@.+)?$"}}}}


def _section(classes: Iterable[type[Declares]], *, is_open: bool = False) -> Schema:
    """The schema of a section: each keyword, its older words, and both with a scope where it may have one."""
    properties: Schema = {}
    patterns: Schema = {}
    for keyword in (keyword for cls in classes for keyword in cls.keywords().values()):
        names = (keyword.name, *keyword.aliases)
        properties.update({name: {**_value(keyword), **({"deprecated": True} if name in keyword.aliases else {})} for name in names})
        if keyword.scopable:
            patterns[f"^({'|'.join(map(re.escape, names))})@.+$"] = _value(keyword)
    return {"type": "object", "properties": properties, "patternProperties": patterns, "additionalProperties": is_open}


def _value(keyword: Keyword[Any]) -> Schema:
    form = _FORM_OF.get(getattr(keyword.convert, "__name__", ""), "text")
    found: Schema = {"$ref": f"#/$defs/{form}"}
    if keyword.candidates:
        found = {"anyOf": [{"enum": list(keyword.candidates)}, {"$ref": "#/$defs/reference"}]}
    found["description"] = keyword.text
    if keyword.default is not None:
        found["default"] = print_value(keyword.default)
    if keyword.example:
        found["examples"] = [keyword.example]
    return found
