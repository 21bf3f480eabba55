"""From command lines to verbs and arguments."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.reader import Invocation, Page, read
from opensvc_core.cli.table import commands
from opensvc_core.errors import UsageError
from opensvc_core.model.commandline import Option, Verb

SERVICES = {"web", "api"}
TABLE = commands()
DEFAULTS = Arguments()


def read_line(text: str, table: tuple[Verb, ...] = TABLE) -> Invocation | Page:
    program, *argv = shlex.split(text)
    return read(program, argv, table, SERVICES.__contains__)


def understood(text: str) -> tuple[str, str, str, dict[str, Any]]:
    asked = read_line(text)
    assert isinstance(asked, Invocation)
    given_values = {name: value for name, value in asked.arguments._asdict().items() if value != getattr(DEFAULTS, name)}
    return asked.scope, asked.selector, asked.verb.name, given_values


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("svcmgr -s web start --local", ("service", "web", "start", {"local": True})),
        ("svcmgr start -s web", ("service", "web", "start", {})),
        ("svcmgr start --service=web", ("service", "web", "start", {})),
        ("svcmgr -sweb start", ("service", "web", "start", {})),
        ("svcmgr create -s x", ("service", "x", "create", {})),
        ("svcmgr create -i", ("service", "", "create", {"interactive": True})),
        ("svcmgr drivers", ("global", "", "drivers", {})),
        ("web start", ("service", "web", "start", {})),
        ("om web start --rid app#web", ("service", "web", "start", {"rid": "app#web"})),
        ("om web*,api start", ("service", "web*,api", "start", {})),
        ("om svc -s web start", ("service", "web", "start", {})),
        ("om ls", ("service", "", "ls", {})),
        ("om node freeze", ("node", "", "freeze", {})),
        ("om cluster set --kw hb#1.type=unicast", ("cluster", "", "set", {"kw": ("hb#1.type=unicast",)})),
        ("om drivers --format json", ("global", "", "drivers", {"format": "json"})),
        ("om keywords fs.ext4", ("global", "", "keywords", {"positionals": ("fs.ext4",)})),
        ("om keywords -- fs.ext4", ("global", "", "keywords", {"positionals": ("fs.ext4",)})),
        ("om mon", ("global", "", "mon", {})),
        ("nodemgr set --param hb#1.type --value unicast", ("node", "", "set", {"param": "hb#1.type", "value": "unicast"})),
        ("nodemgr print config", ("node", "", "print config", {})),
        ("svcmon", ("global", "", "mon", {})),
        ("svcmon --service=a,b --color=yes", ("global", "a,b", "mon", {"color": "yes"})),
        ("svcmon --updatedb --maxdelaydb 120", ("global", "", "mon", {"update_stored": True, "max_delay": 120.0})),
        ("web --waitlock 1h30m start -f", ("service", "web", "start", {"waitlock": 5400.0, "force": True})),
        ("om --format json web print status", ("service", "web", "print status", {"format": "json"})),
        ("web print --ref status", ("service", "web", "print status", {"refresh": True})),
        ("web start --disable --sub a", ("service", "web", "start", {"disable_rollback": True, "subset": "a"})),
        ("web start --subsets a --dry-run", ("service", "web", "start", {"subset": "a", "plan": True})),
        ("web logs -f --backlog 5", ("service", "web", "logs", {"follow": True, "lines": 5})),
        ("web print_status -r", ("service", "web", "print status", {"refresh": True})),
        ("web json_status", ("service", "web", "print status", {"format": "json"})),
        ("web startip", ("service", "web", "start", {"rid": "ip"})),
        ("web unfreeze", ("service", "web", "thaw", {})),
        ("web push", ("service", "web", "push resinfo", {})),
        ("web get --kw a --kw b", ("service", "web", "get", {"kw": ("a", "b")})),
        ("web set --param p --value=", ("service", "web", "set", {"param": "p", "value": ""})),
        ("web set --param p --value -1", ("service", "web", "set", {"param": "p", "value": "-1"})),
        ("web set --param p --value=--local", ("service", "web", "set", {"param": "p", "value": "--local"})),
        ("web set --param provisioned --value x", ("service", "web", "set", {"param": "provisioned", "value": "x"})),
        ("web set provisioned --rid fs", ("service", "web", "set provisioned", {"rid": "fs"})),
        ("web create --config -", ("service", "web", "create", {"config": "-"})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_understood(line: str, expected: tuple[str, str, str, dict[str, Any]]) -> None:
    assert understood(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("om web strat", "no command 'strat'; did you mean 'start'?"),
        ("web pritn status", "no command 'pritn status'; did you mean 'print status'?"),
        ("web print staus", "no command 'print staus'; did you mean 'print status'?"),
        ("web validate", "'validate' is not all: validate config"),
        ("web drivers", "no command 'drivers'"),
        ("web stop --local app#web", "one word too many: 'app#web'; did you mean '--rid app#web'?"),
        ("web start local", "one word too many: 'local'; did you mean '--local'?"),
        ("web set a.b=c", "one word too many: 'a.b=c'; did you mean '--kw a.b=c'?"),
        ("web start -- local", "one word too many: 'local'"),
        ("svcmon web", "one word too many: 'web'"),
        ("om keywords", "'keywords' needs DRIVER"),
        ("svcmgr start", "which service? write 'svcmgr -s SERVICE start'"),
        ("om start", "which service? write 'om SERVICE start'"),
        ("om start web", "which service? write 'om web start'"),
        ("om web", "no command given; om web help lists them"),
        ("om node", "no command given; om node help lists them"),
        ("om driverss", "no command given; did you mean 'drivers'?"),
        ("om vol start", "objects of the kind 'vol' are not managed here, only services are"),
        ("web -s api start", "'start' takes no -s"),
        ("web start --lcal", "no option '--lcal'; did you mean '--local'?"),
        ("web print status --waitlock 5", "'print status' takes no --waitlock"),
        ("web logs --force", "'logs' takes no --force"),
        ("web set --param x provisioned", "'set provisioned' takes no --param"),
        ("web start --rid", "--rid needs a value"),
        ("web start --rid --local", "--rid needs a value"),
        ("web start --rid -f", "--rid needs a value"),
        ("web start --rid ''", "--rid '': it has to be a value that is not empty"),
        ("svcmgr -s , stop", "--service ',': it has to be a value that is not empty"),
        ("web start --local=yes", "--local takes no value"),
        ("web start --rid a --rid b", "--rid is given twice, with a and b"),
        ("web start --waitlock soon", "--waitlock 'soon': it has to be a duration such as 90, 5m or 1h30m"),
        ("web logs --lines -1", "--lines '-1': it has to be a whole number"),
        ("web print status --color blue", "--color 'blue': it has to be auto, yes or no"),
        ("web startip --rid fs", "--rid can't be given here: the command says it already (--rid ip)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_line(line)
    assert str(refused.value) == message


@pytest.mark.parametrize("line", ["web --re start", "web --f start", "web start --d"], ids=str)
def test_a_prefix_of_several_options_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match=r"may be .* or .*; write more of it"):
        read_line(line)


def test_the_words_before_a_prefix_decide_what_it_fits() -> None:
    assert understood("web start --r fs") == ("service", "web", "start", {"rid": "fs"})
    assert understood("web print status --r") == ("service", "web", "print status", {"refresh": True})


@pytest.mark.parametrize(
    ("line", "page"),
    [
        ("om", Page("om", "usage")),
        ("svcmgr", Page("svcmgr", "usage")),
        ("om --help", Page("om", "help")),
        ("om help start", Page("om", "help", "", "service", ("start",))),
        ("om web start --help", Page("om", "help", "web", "service", ("start",))),
        ("om web start -h --local", Page("om", "help", "web", "service", ("start",))),
        ("svcmgr help print status", Page("svcmgr", "help", "", "service", ("print", "status"))),
        ("web help", Page("web", "help", "web", "service")),
        ("om node print --help", Page("om", "help", "", "node", ("print",))),
        ("svcmgr --version", Page("svcmgr", "version")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pages_are_asked_for(line: str, page: Page) -> None:
    assert read_line(line) == page


def test_a_service_named_as_a_command_is_meant_where_it_exists() -> None:
    asked = read("om", ["ls", "start"], TABLE, {"ls"}.__contains__)
    assert isinstance(asked, Invocation)
    assert (asked.selector, asked.verb.name) == ("ls", "start")


def test_options_of_plugins_arrive_by_name() -> None:
    secret = Option("secret", ("--secret",), "The secret.", "SECRET")
    quick = Option("quick", ("--quick",), "Hurry.")
    join = Verb(("daemon", "join"), "plugin.join", "Join a cluster.", (secret, quick), ("global",))
    asked = read_line("om daemon join --secret S", commands((join,)))
    assert isinstance(asked, Invocation)
    assert asked.verb is join
    assert asked.arguments.more == {"secret": "S", "quick": False}


def test_words_of_any_number_are_passed_through() -> None:
    docker = Verb(("docker",), "plugin.docker", "Call docker.", positionals=("ARGUMENT...",))
    asked = read_line("om web docker -- ps --all", commands((docker,)))
    assert isinstance(asked, Invocation)
    assert asked.positionals == ("ps", "--all")


FLAGS = sorted({spelling for verb in TABLE for option in verb.options for spelling in option.spellings})
WORDS = sorted({word for verb in TABLE for spelling in (verb.words, *verb.aliases) for word in spelling})
TOKENS = st.sampled_from([*FLAGS, *WORDS, "web", "node", "cluster", "svc", "-s", "--", "-", "--help", "=", "5m", "app#web"]) | st.text(
    max_size=6
)


@given(program=st.sampled_from(["om", "svcmgr", "nodemgr", "svcmon", "web"]), argv=st.lists(TOKENS, max_size=7))
def test_any_line_is_understood_or_refused(program: str, argv: list[str]) -> None:
    try:
        asked = read(program, argv, TABLE, SERVICES.__contains__)
    except UsageError as refused:
        assert str(refused)
    else:
        assert isinstance(asked, (Invocation, Page))


@given(verb=st.sampled_from([verb for verb in TABLE if "service" in verb.scopes]), place=st.integers(0, 3))
def test_the_selector_may_stand_anywhere(verb: Verb, place: int) -> None:
    words = list(verb.words)
    argv = [*words[:place], "-s", "web", *words[place:]]
    asked = read("svcmgr", argv, TABLE, SERVICES.__contains__)
    assert isinstance(asked, Invocation)
    assert (asked.verb, asked.selector) == (verb, "web")
