"""service and hb, and the tree that they are in; no program runs beside them."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from opensvc_openha.files import Board
from opensvc_openha.install import install
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.tree import PROGRAMS, Tree

from opensvc_core.errors import ActionRefused, NoSuchObject, OpensvcError, UsageError

NODE = os.uname().nodename
REST = [State.STOPPED, State.FROZEN_STOP, State.UNKNOWN]


@pytest.fixture
def store(ez):
    return Store(Tree.below(ez))


@pytest.fixture
def service(command, ez, capsys):
    assert command(f"service -a svc {ez}/svc.cluster {NODE} peer /bin/true") == 0
    capsys.readouterr()


@pytest.fixture
def manager(store):
    board = Board(store.tree.proc, "nmond").hold()
    yield board
    board.release()


def test_a_service_is_added_with_the_words_of_the_tutorial(command, ez, capsys):
    assert command(f"service -a svc {ez}/svc.cluster {NODE} peer /bin/true") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Creating service svc :",
        f"Directory {ez}/services/svc created",
        f"State file {ez}/services/svc/STATE.{NODE} created with initial state FROZEN_STOP",
        f"State file {ez}/services/svc/STATE.peer created with initial state FROZEN_STOP",
        "Done.",
    ]
    assert (ez / "conf/services").read_text() == f"svc\t{ez}/svc.cluster\t{NODE}\tpeer\t/bin/true\n"
    assert command(f"service -a svc {ez}/svc.cluster {NODE} peer /bin/true") == 255
    assert "Service svc already created." in capsys.readouterr().out


def test_services_that_are_added_at_once_are_all_there(command, ez, store):
    with ThreadPoolExecutor(8) as others:
        codes = list(others.map(lambda number: command(f"service -a svc{number} {ez}/svc.cluster {NODE} peer /bin/true"), range(40)))
    assert codes == [0] * 40
    assert {one.name for one in store.services()} == {f"svc{number}" for number in range(40)}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (f"svc /nowhere {NODE} peer /bin/true", "Error: unable to open startup script file /nowhere"),
        (f"svc /bin/true {NODE} peer true", "Error: unable to open check script true"),
        (f"svc /bin/true {NODE} third /bin/true", "Error: unknown host third"),
        (f"svc /bin/true {NODE} {NODE} /bin/true", "ERROR: primary and secondary node must differ."),
        (f"{'s' * 64} /bin/true {NODE} peer /bin/true", "Error : service name is too long. 64 out of 63"),
        (f"../svc /bin/true {NODE} peer /bin/true", "'../svc' can't be the name of a service"),
    ],
)
def test_a_service_that_can_not_be_is_not_added(command, ez, capsys, words, text):
    assert command(f"service -a {words}") == 255
    found = capsys.readouterr()
    assert text in found.out + found.err
    assert not (ez / "conf/services").exists()


def test_a_service_that_would_silence_a_heartbeat_is_not_added(command, ez, capsys):
    (ez / "conf/monitor").write_text(f"{NODE} dio /dev/d 0 10\npeer dio /dev/d 2 10\n")
    assert command(f"service -a registry.opensvc.com {ez}/svc.cluster {NODE} peer /bin/true") == 255
    assert "Error: /dev/d:0: service registry.opensvc.com: a record of 504 bytes has room for 15 bytes" in capsys.readouterr().err
    assert not (ez / "conf/services").exists()


def test_the_states_are_told_while_the_manager_runs(command, service, manager, store, capsys):
    store.record("svc", NODE, State.STARTED)
    assert command("service -s") == 0
    assert (
        capsys.readouterr().out == f"1 service(s) defined:  \nService: svc\n\tPrimary  : {NODE}, STARTED\n\tSecondary: peer, FROZEN_STOP\n"
    )
    assert command("service -s -c") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == "service          prinode          pristate       secnode          secstate      "
    assert row == f"{'svc':<16} {NODE:<16} STARTED        peer             FROZEN_STOP   "
    assert command("service -i svc") == 0
    assert capsys.readouterr().out == "we are Primary for service svc\nService: svc\t state: STARTED , FROZEN_STOP\n"


def test_without_the_manager_no_state_is_told(command, service, capsys):
    assert command("service -s") == 1
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "nmond does not run, the states of the services are not known; 'ezha start' starts it\n")


def test_a_service_is_removed(command, service, ez, store, capsys):
    for own in (State.STARTED, State.STARTING, State.STOPPING, State.STOP_FAILED, State.START_READY):
        store.record("svc", NODE, own)
        with pytest.raises(ActionRefused, match=f"svc is {own} on this node"):
            command("service -r svc")
    store.record("svc", NODE, State.FROZEN_STOP)
    assert command("service -r svc") == 0
    assert capsys.readouterr().out == "Remove of service svc done\nDone.\n"
    assert list((ez / "services").iterdir()) == []
    assert command("service -r svc") == 255
    assert capsys.readouterr().out == "Service svc not found.\nFailed.\n"


MATRIX = {
    "stop": {State.STARTED: State.STOPPED, State.UNKNOWN: State.STOPPED},
    "freeze-stop": {
        **dict.fromkeys((State.STOPPED, State.START_FAILED, State.STOP_FAILED, State.STARTED), State.FROZEN_STOP),
    },
    "unfreeze": {State.FROZEN_STOP: State.STOPPED, State.START_READY: State.STARTED},
    "freeze-start": {State.STARTED: State.START_READY},
    "force-stop": dict.fromkeys(State, State.STOPPED),
    "force-start": dict.fromkeys(State, State.STARTED),
}


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("action", "own"),
    # a start needs the manager
    [(action, own) for action in MATRIX for own in State if (action, own) != ("freeze-start", State.STOPPED)],
)
def test_the_matrix_of_actions(command, store, ez, action, own):
    store.record("svc", NODE, own)
    if own in MATRIX[action]:
        assert command(f"service -A svc {action.upper()}") == 0
        assert store.state("svc", NODE) is MATRIX[action][own]
    else:
        with pytest.raises(ActionRefused, match="Cannot"):
            command(f"service -A svc {action}")
        assert store.state("svc", NODE) is own
    was_stopped = (action, own) in {("stop", State.STARTED), ("stop", State.UNKNOWN), ("freeze-stop", State.STARTED)}
    assert (ez / "calls").exists() is was_stopped


def test_unfreeze_says_what_the_tutorial_shows(command, service, capsys):
    assert command("service -A svc unfreeze") == 0
    assert capsys.readouterr().out == "Ready to UNFREEZE, we are (FROZEN_STOP)\nService svc UNFROZEN\n"


def test_a_grace_period_is_not_taken_for_a_service_that_is_frozen_started(command, service, store):
    store.record("svc", NODE, State.START_READY)
    store.remember("svc", ready="grace")
    with pytest.raises(ActionRefused, match=r"Cannot UNFREEZE svc: not in FREEZE state \(we are START_READY\)"):
        command("service -A svc unfreeze")


def test_a_stop_that_fails_is_told(command, service, store, ez, capsys):
    store.record("svc", NODE, State.STARTED)
    (ez / "fails").touch()
    assert command("service -A svc stop") == 255
    assert store.state("svc", NODE) is State.STOP_FAILED
    assert "svc.cluster stop exited with 1\nfailed to stop svc\n" in capsys.readouterr().out


def test_a_state_that_is_garbage_can_only_be_forced(command, service, store):
    store.tree.state("svc", NODE).write_bytes(b"nonsense")
    for action in ("stop", "unfreeze", "freeze-stop", "freeze-start", "start"):
        with pytest.raises(ActionRefused, match="we are None"):
            command(f"service -A svc {action}")
    assert command("service -A svc force-stop") == 0
    assert store.state("svc", NODE) is State.STOPPED


def test_nothing_is_started_without_the_manager(command, service, store):
    store.record("svc", NODE, State.STOPPED)
    with pytest.raises(ActionRefused, match="nmond does not run"):
        command("service -A svc start")


def test_an_action_on_all_services_tells_the_worst(command, service, store, ez):
    assert command(f"service -a two {ez}/svc.cluster peer {NODE} /bin/true") == 0
    assert command("service -A unfreeze") == 0
    store.record("two", NODE, State.STARTED)
    assert command("service -A unfreeze") == 255


@pytest.mark.parametrize(
    ("line", "error", "text"),
    [
        ("service -A other stop", NoSuchObject, "service other not found"),
        ("service -A svc sing", UsageError, "action sing not found; actions are start, stop,"),
        ("service", UsageError, "Usage: service"),
        ("service -i other", NoSuchObject, "Error : service other does not exist"),
        ("hb", UsageError, "Usage: hb"),
        ("hb -a -n peer", UsageError, "Usage: hb"),
        ("openha", UsageError, "Usage: openha install"),
        ("ezha", UsageError, "Usage: ezha"),
        ("ezha dance", UsageError, "Usage: ezha"),
    ],
)
def test_what_can_not_be_done_is_told(command, service, line, error, text):
    with pytest.raises(error) as raised:
        command(line)
    assert text in str(raised.value)


def test_who_asks_for_help_gets_it(command, capsys):
    assert [command(f"openha {word}") for word in ("--help", "-h", "help")] == [0, 0, 0]
    assert capsys.readouterr().out.count("Usage: openha install") == 3


ADD = "hb -a -n {} -t {} -i {} -d {} {} -T 10"


def test_heartbeats_are_added_shown_and_removed(command, ez, capsys):
    lines = [ADD.format(NODE, "net", "eth1", "239.131.50.10", "-p 5010"), ADD.format("peer", "dio", "/dev/d", "10", "")]
    for line in lines:
        assert command(line) == 0
    assert (ez / "conf/monitor").read_text() == f"{NODE}\tnet\teth1\t239.131.50.10\t5010\t10\npeer\tdio\t/dev/d\t10\t10\n"
    capsys.readouterr()
    assert command("hb -s") == 0
    assert capsys.readouterr().out == "net sender eth1:239.131.50.10 status DOWN\ndio listener /dev/d:10 status DOWN\n"
    assert command(lines[0]) == 255
    assert "Error: HeartBeat link already defined." in capsys.readouterr().err
    assert command(lines[0].replace("-a", "-r")) == 0
    assert (ez / "conf/monitor").read_text() == "peer\tdio\t/dev/d\t10\t10\n"
    assert command(lines[0].replace("-a", "-r")) == 255
    assert "heartbeat remove failed." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (ADD.format("third", "net", "eth1", "239.131.50.10", "-p 5010"), "Node third not found in"),
        (ADD.format("peer", "token", "eth1", "239.131.50.10", "-p 5010"), "'token' is no type of heartbeat"),
        (ADD.format("peer", "net", "eth1", "10.0.0.1", "-p 5010"), "10.0.0.1 is no multicast group"),
    ],
)
def test_a_heartbeat_that_can_not_be_is_not_added(command, ez, capsys, line, text):
    assert command(line) == 255
    assert text in capsys.readouterr().err
    assert not (ez / "conf/monitor").exists()


def test_the_tree_has_what_the_tutorials_list(tmp_path):
    made = install(tmp_path, tmp_path / "openha")
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "conf", "doc", "env.sh", "ezha", "ezha.init", "log", "services"}
    assert {path.name for path in (tmp_path / "bin").iterdir()} == set(PROGRAMS)
    assert len(made) == len(PROGRAMS) + 3
    assert install(tmp_path, tmp_path / "openha") == []


def test_programs_of_another_make_are_left_alone(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/nmond").write_text("another")
    with pytest.raises(OpensvcError, match="bin/nmond is a program of another make"):
        install(tmp_path, tmp_path / "openha")
    assert (tmp_path / "bin/nmond").read_text() == "another"


def test_env_sh_defines_what_the_tutorials_use(ez):
    line = f"export EZ={ez}; . $EZ/env.sh; echo $EZ_BIN $EZ_NODES; ez_svc_status; ez_hb_status; :"
    found = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.splitlines() == [
        f"{ez}/bin {ez}/conf/nodes",
        f"=> Querying OpenHA services status [{ez}/bin/service -s -c]",
        f"=> Querying OpenHA heartbeat status [{ez}/bin/hb -s]",
    ]


@pytest.mark.parametrize(
    ("monitor", "text"),
    [
        (
            f"{NODE} net nowhere0 239.1.1.1 5000 10\npeer net lo 239.1.1.2 5001 10\n",
            "conf/monitor:1: there is no interface nowhere0; there are",
        ),
        (f"{NODE} net lo 239.1.1.1 5000 10\npeer dio /dev/nowhere 0 10\n", "conf/monitor:2: there is no disk /dev/nowhere"),
        ("peer net lo 239.1.1.1 5000 10\n", "conf/monitor: no line of this node"),
        (f"{NODE} net lo 239.1.1.1 5000 10\n", "conf/monitor: no line of another node"),
        ("", "conf/monitor: no line of this node"),
        ("nonsense\n", "conf/monitor:1: the type of heartbeat is missing"),
        (f"{NODE} net lo 239.1.1.1 5000 10 key=/nowhere\npeer net lo 239.1.1.2 5001 10\n", "conf/monitor:1: key=/nowhere: No such file"),
    ],
)
def test_a_configuration_that_can_not_work_starts_nothing(command, ez, monitor, text):
    (ez / "conf/monitor").write_text(monitor)
    with pytest.raises(OpensvcError) as raised:
        command("ezha start")
    assert text in str(raised.value)
    assert "nothing was started" in str(raised.value)
    assert list((ez / "log/proc").iterdir()) == []


def test_a_guard_that_can_not_be_run_starts_nothing(command, ez):
    (ez / "conf/monitor").write_text(f"{NODE} net lo 239.1.1.1 5000 10\npeer net lo 239.1.1.2 5001 10\n")
    (ez / "conf/options").write_text(f"fence {ez}/nowhere --off\n")
    with pytest.raises(OpensvcError, match=r"conf/options: fence: .*/nowhere can't be run: no silent node"):
        command("ezha start")
