"""Starts that are prepared before they are decided on: children that wait for the word."""

import os
import signal
from pathlib import Path

import pytest
from opensvc_daemon.runner.prepared import MOST


def children(runner):
    """The children of the runner; one that has ended is one until it is reaped."""
    return [int(child) for child in Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()]


def prepare(talk, runner, root, **fields):
    """Have a start prepared; the child that waits."""
    before = set(children(runner))
    talk.send("prepare", service="svc1", action="start", **fields)
    root.wait_for(lambda: set(children(runner)) - before)
    (child,) = set(children(runner)) - before
    return child


def test_the_child_that_waited_acts(root, flags, talk, runner):
    flags("svc1")
    child = prepare(talk, runner, root, patience=0.1)
    begun, done = talk.do("act", service="svc1", action="start", request="00112233aabbccdd", patience=0.1)
    assert begun["pid"] == child
    assert (done["code"], done["why"]) == (0, "")
    assert root.is_up("svc1", "fs#1")
    assert "start begins (request=00112233aabbccdd)" in (root / "log/svc1.log").read_text()


def test_nothing_is_done_before_the_word(root, flags, talk, runner):
    flags("svc1")
    prepare(talk, runner, root, patience=0.0)
    assert not root.is_up("svc1", "fs#1")
    assert talk.do("running")[-1]["jobs"] == []


def test_one_that_is_called_off_ends(root, flags, talk, runner):
    flags("svc1")
    child = prepare(talk, runner, root)
    talk.send("call_off", service="svc1")
    root.wait_for(lambda: child not in children(runner))
    assert not root.is_up("svc1", "fs#1")


def test_another_action_is_not_done_by_it(root, flags, talk, runner):
    flags("svc1")
    assert talk.act("svc1", "start")["code"] == 0
    child = prepare(talk, runner, root)
    begun, done = talk.do("act", service="svc1", action="stop")
    assert begun["pid"] != child
    assert done["code"] == 0 and not root.is_up("svc1", "fs#1")


def test_where_it_has_died_another_one_starts(root, flags, talk, runner):
    flags("svc1")
    child = prepare(talk, runner, root)
    os.kill(child, signal.SIGKILL)
    root.wait_for(lambda: child not in children(runner))
    assert talk.act("svc1", "start")["code"] == 0
    assert root.is_up("svc1", "fs#1")


def test_the_file_of_the_moment_is_what_is_started(root, flags, talk, runner):
    flags("svc1")
    prepare(talk, runner, root)
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[fs#2]\ntype = flag\n")
    assert talk.act("svc1", "start")["code"] == 0
    assert root.is_up("svc1", "fs#2") and not root.is_up("svc1", "fs#1")


def test_a_later_preparation_takes_the_place_of_an_earlier_one(root, flags, talk, runner):
    flags("svc1")
    first = prepare(talk, runner, root, patience=0.1)
    second = prepare(talk, runner, root, patience=0.2)
    root.wait_for(lambda: first not in children(runner))
    assert talk.do("act", service="svc1", action="start")[0]["pid"] == second


ASKING = """
from opensvc_core.api import Call, Conflict, Preflight


class Asking(Made, Preflight):
    id = "app.asking"

    def can_look_ahead(self):
        return True

    def status(self):
        return Status.UP

    def preflight(self):
        yield Call("ask", self.ask)

    def ask(self):
        root = os.environ["OSVC_ROOT_PATH"]
        with open(f"{root}/asked", "a") as file:
            file.write(f"{self.context.patience:.1f}\\n")
        if os.path.exists(f"{root}/taken"):
            raise Conflict("somebody answers")


@hookimpl
def opensvc_register_drivers():
    return [Asking]
"""


@pytest.fixture
def asking(root, driver, runner):
    """A runner that knows a driver which asks others before a start, and a service with it."""
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = asking\n")
    return runner.begin(**driver("asking", ASKING))


def asked(root):
    """How often others were asked, and for how long each time."""
    return (root / "asked").read_text().split() if (root / "asked").exists() else []


def test_there_are_only_so_many_at_once(root, flags, talk, runner):
    names = [f"svc{number}" for number in range(MOST + 2)]
    flags(*names)
    for name in names:
        talk.send("prepare", service=name, action="start")
    assert talk.do("running")[-1]["jobs"] == []  # it is answered when what was sent before is done
    root.wait_for(lambda: len(children(runner)) <= MOST)
    assert talk.act(names[-1], "start")["code"] == 0


def test_it_ends_with_the_runner(root, asking, runner, alive):
    child = prepare(asking, runner, root)
    runner.kill()
    root.wait_for(lambda: not alive(child))


def test_others_are_asked_before_the_word_and_not_again_after_it(root, asking, runner):
    prepare(asking, runner, root, patience=0.2)
    root.wait_for(lambda: asked(root))
    assert asking.act("svc1", "start", patience=0.2)["code"] == 0
    assert asked(root) == ["0.0"], "it was due at once"


def test_who_answered_before_the_word_and_answers_still_keeps_it_from_starting(root, asking, runner):
    (root / "taken").touch()
    prepare(asking, runner, root, patience=0.2)
    root.wait_for(lambda: asked(root))
    done = asking.act("svc1", "start", patience=0.2)
    assert done["code"] == 5 and "somebody answers" in done["why"]


def test_who_answered_before_the_word_may_have_been_fenced_since(root, asking, runner):
    (root / "taken").touch()
    prepare(asking, runner, root, patience=0.2)
    root.wait_for(lambda: asked(root))
    (root / "taken").unlink()
    assert asking.act("svc1", "start", patience=0.2)["code"] == 0


def test_what_is_handed_over_is_prepared_for_and_asked_about_when_it_was_not_after_all(root, asking, runner):
    prepare(asking, runner, root, handed_over=True)
    assert asking.act("svc1", "start", patience=0.2)["code"] == 0
    assert asked(root)[-1] == "0.2"


def test_one_that_waits_for_long_asks_again(root, asking, runner):
    prepare(asking, runner, root, patience=0.2)
    root.wait_for(lambda: asked(root)[1:2] == ["0.2"])
