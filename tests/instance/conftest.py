"""A node with small drivers whose starts and stops do what a test asks of them."""

import os
import sys
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Conflict,
    DataAtStake,
    Keyword,
    Preflight,
    Provisionable,
    Resource,
    Runnable,
    Startable,
    Status,
    hookimpl,
    text,
)
from opensvc_core.instance.request import Request
from opensvc_core.plan.selection import EVERYTHING
from opensvc_core.registry import DRIVERS, PLUGINS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.nodes import end_all, make_node

# What tests hand to the drivers, by the word of the keyword `does`.
DEEDS = {}


class Probe(Resource, Startable):
    """A resource that is up while its file is there."""

    id = "fs.probe"
    fails = Keyword(
        text,
        default="",
        text="`start` and `stop` fail, `status` raises, `lies` stays down, `bug` raises what no driver should, `step`: an undo of steps.",
    )
    does = Keyword(text, default="", text="What a start does first.")
    hangs = Keyword(text, default="", text="Seconds that a start sleeps.")
    lingers = Keyword(text, default="", text="Seconds that a start sleeps when it is up already.")
    place = Keyword(text, default="", claims="device", text="What it holds alone.")

    @property
    def file(self):
        return self.context.var_dir / "up"

    def status(self):
        if "status" in self.fails:
            raise RuntimeError("no idea")
        return Status.UP if self.file.exists() else Status.DOWN

    def start(self):
        if self.seen() is Status.UP:
            yield Already(f"{self.rid} is up")
            return
        if self.does:
            yield Call(f"do {self.does}", DEEDS[self.does])
        if self.hangs:
            yield Command(["sleep", self.hangs])
        if "start" in self.fails:
            yield Call("fail", self._fail)
        if "call" in self.fails:
            yield Call("stumble", lambda: {}["nothing"])
        undo = self._undo_in_steps if "step" in self.fails else Call(f"undo {self.rid}", self._down)
        if self.lingers:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            yield Command(["sh", "-c", 'touch "$0"; echo it is up; exec sleep "$1"', str(self.file), self.lingers], undo=undo)
        yield Call(f"up {self.rid}", self._up, undo=undo)
        if "bug" in self.fails:
            raise TypeError("a mistake")

    def stop(self):
        if self.seen() is Status.DOWN:
            yield Already(f"{self.rid} is down")
            return
        if "stop" in self.fails:
            yield Call("fail", self._fail)
        yield Call(f"down {self.rid}", self._down)

    def _undo_in_steps(self):
        try:
            yield Call(f"undo {self.rid} at once", self._fail)
        except ActionFailed:
            yield Call(f"undo {self.rid}", self._down)

    def _up(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if "lies" not in self.fails:
            self.file.touch()

    def _down(self):
        if "undo" in self.fails:
            raise ActionFailed("it can't be undone")
        self.file.unlink(missing_ok=True)

    def _fail(self):
        raise ActionFailed(f"{self.rid} fails")


class Ip(Probe):
    id = "ip.probe"


class Held(Probe, Preflight):
    """One that looks before its start whether it is in use elsewhere; `elsewhere` is who has it, or a deed to do."""

    id = "ip.held"
    elsewhere = Keyword(text, default="", text="It is in use elsewhere.")

    def preflight(self):
        if self.seen() is not Status.UP:
            yield Call(f"look for {self.rid}", self._look)

    def can_look_ahead(self):
        return True

    def _look(self):
        if self.elsewhere in DEEDS:
            DEEDS[self.elsewhere]()
        elif self.elsewhere:
            raise Conflict(f"{self.elsewhere} has it")


class Disk(Probe):
    id = "disk.probe"


class App(Probe):
    id = "app.probe"


class Made(Probe, Provisionable):
    """One that has to be made before."""

    id = "fs.made"

    def provision(self):
        yield Call(f"make {self.rid}", lambda: None)

    def unprovision(self):
        yield Call(f"unmake {self.rid}", lambda: None)


class Data(Probe, DataAtStake):
    id = "disk.data"


class Task(Probe, Runnable):
    id = "task.probe"

    def run(self):
        yield Call(f"run {self.rid}", self._fail if "start" in self.fails else lambda: None)


@hookimpl
def opensvc_register_drivers():
    return [Probe, Ip, Held, Disk, App, Made, Task, Data]


PROBES = [EntryPoint(DRIVERS, cls.id, __name__, "opensvc-probe") for cls in (Probe, Ip, Held, Disk, App, Made, Task, Data)]


class Lab:
    """A node with the probes, the events of what was done on it, and short words for both."""

    def __init__(self, root, points=()):
        self.node = make_node(root, more=[*PROBES, *points])
        self.events = []

    def service(self, config, name="svc1"):
        return self.node.create(name, config)

    def write(self, config, name="svc1"):
        """A service whose file nobody has checked."""
        self.node.paths.etc.mkdir(parents=True, exist_ok=True)
        (self.node.paths.etc / f"{name}.conf").write_text(config)
        return self.node.service(name)

    def do(self, service, action, selection=EVERYTHING, *, sink=None, cancel=None, watch=None, wait_lock=None, **request):
        """Carry out an action; the texts of the changes that it made."""
        self.events = []

        def keep(event):
            self.events.append(event)
            if sink:
                sink(event)

        asked = Request(action, selection, **request)
        noted = service.perform(asked, keep, cancel=cancel, watch=watch, wait_lock=wait_lock)
        return [one.text for one in noted if one.is_change]

    def lines(self, rid=None):
        """The texts of the events so far."""
        return [event.text for event in self.events if event.level.value != "DEBUG" and rid in (None, event.rid)]

    def seen(self, service):
        return {one.rid: str(one.status) for one in service.status().local.resources}


@pytest.fixture
def labs(tmp_path):
    """Makes labs, each below a folder of its own."""
    made = []

    def make(*points, root="root"):
        made.append(Lab(tmp_path / root, points))
        return made[-1]

    yield make
    for lab in made:
        end_all(lab.node)
    DEEDS.clear()


@pytest.fixture
def lab(labs):
    return labs()


@pytest.fixture
def deeds():
    return DEEDS


@pytest.fixture
def plugin(monkeypatch):
    """Makes the entry point of a plugin with these hooks."""

    def make(name="opensvc_a_plugin", group=PLUGINS, point=None, **hooks):
        module = ModuleType(name)
        for hook, function in hooks.items():
            setattr(module, hook, hookimpl(function))
        monkeypatch.setitem(sys.modules, name, module)
        return EntryPoint(group, point or name, name, name.replace("_", "-"))

    return make


@contextmanager
def another_process(act):
    """Another process that does something up to its call of `wait()`, and stays there for the time of the block."""
    ready, told = os.pipe()
    wake, woken = os.pipe()

    def wait(*_ignored):
        os.write(told, b"x")
        os.read(wake, 1)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            act(wait)
            code = 0
        except BaseException:  # noqa: BLE001 - the process has no other way to tell
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    try:
        assert os.read(ready, 1)
        yield
    finally:
        os.write(woken, b"x")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for descriptor in (ready, told, wake, woken):
            os.close(descriptor)
    assert code == 0


@pytest.fixture
def elsewhere():
    return another_process


@pytest.fixture
def cancel():
    return threading.Event()


@pytest.fixture
def script(tmp_path):
    """Makes a trigger that adds a word to a file; `script.said()` reads them."""

    class Script:
        file = Path(tmp_path / "said")

        def __call__(self, word, *, code=0):
            return f"sh -c 'echo {word} >> {self.file}; exit {code}'"

        def said(self):
            return self.file.read_text().split() if self.file.exists() else []

    return Script()
