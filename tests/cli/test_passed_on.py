"""Verbs that pass on: what follows their words is for another program."""

import shlex

import pytest

from opensvc_core.cli.reader import read
from opensvc_core.cli.table import commands
from opensvc_core.errors import UnknownCommand, UsageError
from opensvc_core.model.commandline import Verb

DOCKER = Verb(("docker",), "nowhere", "", positionals=("WORD...",), passes_on=True)
TABLE = commands([DOCKER])


def read_line(line, *services, table=TABLE):
    program, *argv = shlex.split(line)
    found = read(program, argv, table, services.__contains__)
    return found.selector, found.verb.name, found.positionals


@pytest.mark.parametrize("line", ["om web docker", "svcmgr -s web docker", "svcmgr --service=web docker", "web docker"])
def test_options_behind_the_verb_are_not_read(line):
    words = "exec -it --rid x --help -s web -- sh -c 'a b'"
    assert read_line(f"{line} {words}", "web") == ("web", "docker", tuple(shlex.split(words)))


def test_the_service_has_to_be_named_before_the_verb():
    with pytest.raises(UsageError, match="which service"):
        read_line("svcmgr docker -s web ps")


def test_a_service_may_have_the_name_of_the_verb():
    assert read_line("svcmgr -s docker docker ps -a", "docker") == ("docker", "docker", ("ps", "-a"))
    assert read_line("om docker docker ps -a", "docker") == ("docker", "docker", ("ps", "-a"))
    assert read_line("om docker start", "docker") == ("docker", "start", ())


def test_an_unknown_option_behind_an_unknown_command_may_be_a_plugin_s():
    with pytest.raises(UnknownCommand):
        read_line("om web docker ps --no-trunc", table=commands())


def test_an_unknown_option_of_a_known_command_is_nobody_s():
    with pytest.raises(UsageError) as caught:
        read_line("om web start --no-trunc", table=commands())
    assert not isinstance(caught.value, UnknownCommand)
