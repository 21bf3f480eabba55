"""The JSON schemas: what they let pass is what the files may say."""

import jsonschema
import pytest

from opensvc_core.config import schema
from opensvc_core.config.converters import boolean, integer, text, words
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.vocabulary import ListenerKeywords


class Mount(Declares):
    """A driver with each kind of keyword."""

    dev = Keyword(text, required=True, scopable=True, aliases=("device",), text="The device.", example="/dev/sda")
    size = Keyword(text, required=True, provisioning=True, text="For provisioning.")
    mode = Keyword(text, default="rw", candidates=("rw", "ro"), text="How.")
    tries = Keyword(integer, default=1, text="How often.")
    is_quick = Keyword(boolean, name="quick", default=False, text="At once.")
    options = Keyword(words, default=[], text="Options.")


class Group(Declares):
    """An older section."""

    name = Keyword(text, required=True, aliases=("vgname",), text="Its name.")


DRIVERS = {"fs.ext9": Mount, "vg": Group, "disk.vg": Group, "ip": Mount}
SERVICE = schema.service_schema(DRIVERS)
LINKS = {"hb.ring": Mount}


class Command(Declares):
    """A fence agent by default, with a keyword that it needs."""

    type = Keyword(text, default="command", text="The driver.")
    cmd = Keyword(text, required=True, text="The command.")


class Agent(Declares):
    """A fence agent that hands words on."""

    hands_words_on = True
    type = Keyword(text, default="command", text="The driver.")


GUARDS = {"stonith.command": Command, "stonith.agent": Agent}


def errors(sections, of=SERVICE):
    return [error.message for error in jsonschema.Draft202012Validator(of).iter_errors(sections)]


@pytest.mark.parametrize("of", [SERVICE, schema.node_schema(LINKS), schema.cluster_schema(LINKS)], ids=["service", "node", "cluster"])
def test_a_schema_is_a_schema(of):
    jsonschema.Draft202012Validator.check_schema(of)


@pytest.mark.parametrize("sections", [
    {},
    {"DEFAULT": {"nodes": "n1 n2", "app": "a", "orchestrate": "ha"}},
    {"DEFAULT": {"nodes": ["n1", "n2"], "rollback": False, "priority": 3}},
    {"DEFAULT": {"dev": "/dev/sda"}, "fs#1": {"type": "ext9"}},
    {"fs#1": {"type": "ext9", "dev": "/dev/sda", "tries": 3, "quick": True, "options": ["a", "b"]}},
    {"fs#1": {"type": "EXT9", "dev": "{disk#1.exposed_devs[0]}", "tries": "$(1+1)", "mode": "{env.mode}", "quick": "no"}},
    {"fs#1": {"type": "ext9", "dev@n1": "/dev/sda", "dev@n2": "/dev/sdb"}},
    {"fs#1": {"type": "ext9", "device": "/dev/sda"}},
    {"fs#1": {"type": "of somebody else", "anything": "goes"}, "share#1": {"type": "nfs"}},
    {"vg#0": {"vgname": "data"}, "disk#0": {"type": "vg", "name": "data"}},
    {"ip#0": {"dev": "eth0"}},
    {"env": {"any": "word"}, "labels": {"a": "b"}, "subset#fs:a": {"parallel": True}},
], ids=str)  # fmt: skip
def test_what_a_file_may_say_passes(sections):
    assert errors(sections) == []


@pytest.mark.parametrize(("sections", "found"), [
    ({"fs1": {}}, "'fs1' does not match any of the regexes"),
    ({"fs#1": {"dev": "/dev/sda"}}, "'type' is a required property"),
    ({"fs#1": {"type": "ext9"}}, "should not be valid under"),
    ({"fs#1": {"type": "ext9", "dev": "x", "tries": "often"}}, "is not valid under any of the given schemas"),
    ({"fs#1": {"type": "ext9", "dev": "x", "mode": "maybe"}}, "is not valid under any of the given schemas"),
    ({"fs#1": {"type": "ext9", "dev": "x", "mode@n1": "rw"}}, "mode@n1"),
    ({"fs#1": {"type": "ext9", "dev": "x", "dve": "y"}}, "dve"),
    ({"DEFAULT": {"orchestrate": "always"}}, "is not valid under any of the given schemas"),
    ({"vg#0": {}}, "should not be valid under"),
    ({"fs#1": "text"}, "is not of type 'object'"),
], ids=str)  # fmt: skip
def test_what_a_file_must_not_say_is_found(sections, found):
    assert any(found in error for error in errors(sections)), errors(sections)


def test_a_keyword_is_described():
    described = SERVICE["$defs"]["fs.ext9"]["properties"]
    assert described["dev"] == {"$ref": "#/$defs/text", "description": "The device.", "examples": ["/dev/sda"]}
    assert described["device"]["deprecated"] is True
    assert described["tries"]["default"] == "1"


def test_a_node_file_has_heartbeats_with_a_type():
    assert (
        errors({"node": {"env": "PRD"}, "hb#1": {"type": "unicast", "port": 1}, "stonith#n2": {"cmd": "x"}}, schema.node_schema(LINKS))
        == []
    )
    assert errors({"node": {"env": "PROD"}}, schema.node_schema(LINKS))
    assert errors({"hb#1": {}}, schema.cluster_schema(LINKS)) == ["'type' is a required property"]


def test_a_heartbeat_has_the_words_of_its_driver():
    of = schema.cluster_schema(LINKS)
    assert errors({"hb#1": {"type": "ring", "dev": "/dev/sda", "interval": "2", "tries": 3}}, of) == []
    assert any("dve" in error for error in errors({"hb#1": {"type": "ring", "dev": "/dev/sda", "dve": "x"}}, of))
    assert errors({"hb#1": {"type": "ring"}}, of)
    assert errors({"hb#1": {"type": "of somebody else", "anything": "goes"}}, of) == []


@pytest.mark.parametrize("sections", [
    {"stonith#n2": {"cmd": "x"}},
    {"stonith#n2": {"type": "command", "cmd": "x"}},
    {"stonith#n2": {"type": "agent", "anything": "goes"}},
    {"stonith#n2": {"type": "of somebody else", "anything": "goes"}},
    {"listener": {"port": 1214}, "token#web": {"role": "guest", "hash": "9f86d081"}, "arbitrator#1": {"uri": "https://a:1"}},
    {"notifier#1": {"anything": "goes"}},
], ids=str)  # fmt: skip
def test_a_host_file_has_guards_and_what_the_daemon_reads(sections):
    assert errors(sections, schema.cluster_schema(GUARDS)) == []


@pytest.mark.parametrize(("sections", "found"), [
    ({"stonith#n2": {"cdm": "x"}}, "cdm"),
    ({"stonith#n2": {"type": "command", "cmd": "x", "cdm": "y"}}, "cdm"),
    ({"stonith#n2": {"type": "command"}}, "should not be valid under"),
    ({"listener": {"prot": 1}}, "prot"),
    ({"token#web": {"role": "guest"}}, "should not be valid under"),
    ({"arbitrator#1": {"ury": "x"}}, "ury"),
], ids=str)  # fmt: skip
def test_a_wrong_word_of_a_guard_is_found(sections, found):
    assert any(found in error for error in errors(sections, schema.cluster_schema(GUARDS))), errors(sections, schema.cluster_schema(GUARDS))


def test_without_heartbeats_a_schema_is_one_too():
    jsonschema.Draft202012Validator.check_schema(schema.node_schema({}))


def test_sections_of_plugins_are_checked():
    of = schema.node_schema({}, {"listening": ListenerKeywords})
    assert errors({"listening#1": {"port": 1}}, of) == []
    assert "'prot' does not match" in errors({"listening#1": {"prot": 1}}, of)[0]
